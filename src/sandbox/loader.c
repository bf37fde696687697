/* A program of its own, without any library: what execve(2) starts on the rung fake-root. There the
 * kernel cannot be let to find a program or its interpreter by name, since names are those of the
 * builder's machine. The supervisor hands over both as open files, and this does with them what the
 * kernel does: maps the segments, corrects the auxiliary vector (getauxval(3)), and jumps. It runs
 * as the step, so nothing rests on it but that programs start. ELF: elf(5), System V ABI. */
#include "sandbox/loader.h"
#include <elf.h>
#include <linux/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#define PAGE 4096ul
#define HEADERS_MAX 64
#define NOREPLACE 0x100000 /* MAP_FIXED_NOREPLACE */
#define MAP_PRIVATE_ 2
#define PROT_RWX_(f) (((f)&PF_R ? 1 : 0) | ((f)&PF_W ? 2 : 0) | ((f)&PF_X ? 4 : 0))

static OakumLoaderPlan plan;

static long call(long number, long a, long b, long c, long d, long e, long f)
{
  long result;
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}

static _Noreturn void fail(void)
{
  for (;;)
    call(SYS_exit_group, 127, 0, 0, 0, 0, 0);
}

/* the compiler may ask for it by name */
void *memset(void *to, int byte, unsigned long n);
void *memset(void *to, int byte, unsigned long n)
{
  for (volatile unsigned char *p = to; n > 0; n--)
    *p++ = (unsigned char)byte;
  return to;
}

static unsigned long map(unsigned long at, unsigned long len, long prot, long flags, int fd,
                         unsigned long offset)
{
  long got = call(SYS_mmap, (long)at, (long)len, prot, flags | MAP_PRIVATE_, fd, (long)offset);
  if (got < 0 && got > -4096)
    fail();
  return (unsigned long)got;
}

typedef struct {
  unsigned long base, entry, phdr, phnum;
} Loaded;

static void map_segment(int fd, const Elf64_Phdr *p, unsigned long base)
{
  unsigned long start = (base + p->p_vaddr) & ~(PAGE - 1), skew = (base + p->p_vaddr) & (PAGE - 1),
                file_end = base + p->p_vaddr + p->p_filesz, end = base + p->p_vaddr + p->p_memsz;
  long prot = PROT_RWX_(p->p_flags);
  unsigned long mapped = start;
  if (p->p_filesz > 0) {
    map(start, p->p_filesz + skew, prot, MAP_FIXED, fd, p->p_offset - skew);
    mapped = (file_end + PAGE - 1) & ~(PAGE - 1);
  }
  if (end <= file_end)
    return;
  if (p->p_filesz > 0 &&
      (prot & 2)) /* to the end of the page: ld.so hands out what is left there */
    memset((void *)file_end, 0, mapped - file_end);
  if (end > mapped)
    map(mapped, end - mapped, prot, MAP_FIXED | MAP_ANONYMOUS, -1, 0);
}

static Loaded load(int fd)
{
  Elf64_Ehdr header;
  Elf64_Phdr table[HEADERS_MAX];
  unsigned long low = ~0ul, high = 0, align = PAGE;
  Loaded loaded = {0, 0, 0, 0};
  if (call(SYS_pread64, fd, (long)&header, sizeof(header), 0, 0, 0) != sizeof(header) ||
      header.e_phentsize != sizeof(Elf64_Phdr) || header.e_phnum == 0 ||
      header.e_phnum > HEADERS_MAX)
    fail();
  long bytes = (long)(header.e_phnum * sizeof(Elf64_Phdr));
  if (call(SYS_pread64, fd, (long)table, bytes, (long)header.e_phoff, 0, 0) != bytes)
    fail();
  for (unsigned i = 0; i < header.e_phnum; i++) {
    const Elf64_Phdr *p = &table[i];
    if (p->p_type != PT_LOAD)
      continue;
    if (p->p_vaddr + p->p_memsz < p->p_vaddr || p->p_filesz > p->p_memsz)
      fail();
    low = p->p_vaddr < low ? p->p_vaddr : low;
    high = p->p_vaddr + p->p_memsz > high ? p->p_vaddr + p->p_memsz : high;
    align = p->p_align > align && !(p->p_align & (p->p_align - 1)) ? p->p_align : align;
  }
  if (high <= low)
    fail();
  low &= ~(PAGE - 1);
  if (header.e_type == ET_DYN) {
    unsigned long at = map(0, high - low + align, 0, MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    unsigned long start = (at + align - 1) & ~(align - 1);
    loaded.base = start - (low & ~(align - 1));
    if (loaded.base + low < at || loaded.base + high > at + high - low + align)
      loaded.base = at - low;
  } else {
    unsigned long end = (high + PAGE - 1) & ~(PAGE - 1);
    if (map(low, end - low, 0, MAP_ANONYMOUS | MAP_NORESERVE | NOREPLACE, -1, 0) != low)
      fail();
  }
  for (unsigned i = 0; i < header.e_phnum; i++) {
    const Elf64_Phdr *p = &table[i];
    if (p->p_type != PT_LOAD)
      continue;
    map_segment(fd, p, loaded.base);
    if (header.e_phoff >= p->p_offset && header.e_phoff < p->p_offset + p->p_filesz)
      loaded.phdr = loaded.base + p->p_vaddr + header.e_phoff - p->p_offset;
  }
  loaded.entry = loaded.base + header.e_entry;
  loaded.phnum = header.e_phnum;
  call(SYS_close, fd, 0, 0, 0, 0, 0);
  return loaded;
}

static unsigned long corrected(unsigned long type, unsigned long value, const Loaded *program,
                               const Loaded *interpreter)
{
  switch (type) {
  case AT_PHDR:
    return program->phdr;
  case AT_PHNUM:
    return program->phnum;
  case AT_PHENT:
    return sizeof(Elf64_Phdr);
  case AT_ENTRY:
    return program->entry;
  case AT_BASE:
    return interpreter ? interpreter->base : 0;
  case AT_EXECFN:
    return (unsigned long)plan.text + plan.execfn;
  case AT_UID:
    return plan.uid;
  case AT_EUID:
    return plan.euid;
  case AT_GID:
    return plan.gid;
  case AT_EGID:
    return plan.egid;
  case AT_SECURE:
    return plan.uid != plan.euid || plan.gid != plan.egid;
  default:
    return value;
  }
}

/* `stack`: what the kernel puts there: argc, argv, NULL, envp, NULL, pairs of the auxiliary vector.
 */
__attribute__((used)) _Noreturn void oakum_loader_main(unsigned long *stack);
_Noreturn void oakum_loader_main(unsigned long *stack)
{
  if (call(SYS_prctl, OAKUM_LOADER_OPTION, (long)&plan, sizeof(plan), 0, 0, 0) != 0)
    fail();
  call(SYS_prctl, PR_SET_NAME, (long)(plan.text + plan.comm), 0, 0, 0, 0);
  Loaded program = load(plan.program), interpreter = {0, 0, 0, 0};
  if (plan.interpreter >= 0)
    interpreter = load(plan.interpreter);
  unsigned long argc = stack[0], skip = plan.skip < argc ? plan.skip : argc, n = 0;
  unsigned long *env = stack + 1 + argc + 1, *aux = env;
  while (*aux++)
    ;
  unsigned long *end = aux;
  while (end[0] != AT_NULL)
    end += 2;
  unsigned long words = 1 + plan.prefix_len + argc + 1 + (unsigned long)(end + 2 - env);
  unsigned long *to = __builtin_alloca_with_align(8 * (words + 4), 128);
  to[n++] = plan.prefix_len + argc - skip;
  for (unsigned i = 0; i < plan.prefix_len; i++)
    to[n++] = (unsigned long)plan.text + plan.prefix[i];
  for (unsigned long i = skip; i < argc; i++)
    to[n++] = stack[1 + i];
  to[n++] = 0;
  while (env < aux)
    to[n++] = *env++;
  for (; aux < end; aux += 2) {
    to[n++] = aux[0];
    to[n++] = corrected(aux[0], aux[1], &program, plan.interpreter >= 0 ? &interpreter : 0);
  }
  to[n++] = AT_NULL;
  to[n++] = 0;
  unsigned long entry = plan.interpreter >= 0 ? interpreter.entry : program.entry;
  /* rdx 0: no function to call at exit */
  __asm__ volatile("mov %0, %%rsp\n\txor %%edx, %%edx\n\txor %%ebp, %%ebp\n\tjmp *%1"
                   :
                   : "r"(to), "r"(entry)
                   : "memory", "rdx");
  __builtin_unreachable();
}

__asm__(".globl _start\n_start:\n\txor %ebp, %ebp\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n\tcall "
        "oakum_loader_main\n\thlt\n");
