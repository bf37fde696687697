/* How much of the machine a layer gets: read, inflate, digest and tar index together, against the
 * slower of ISA-L's inflate alone and SHA-256 alone, in one run.   bench/layer FILE.tar.gz [ROUNDS]
 */
#include "codec/codec.h"
#include <isa-l.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static double now(void)
{
  return (double)g_get_monotonic_time() / G_USEC_PER_SEC;
}

static int by_value(const void *a, const void *b)
{
  double x = *(const double *)a, y = *(const double *)b;
  return x < y ? -1 : x > y;
}

/* The whole path: both digests, as a pull checks them, and every entry of the tar. */
static double whole(const char *data, size_t len, uint64_t *plain)
{
  double began = now();
  g_autoptr(OakumHasher) diff_id = oakum_hasher_new(OAKUM_HASH_SHA256);
  OakumReader *inflated = oakum_reader_new_inflate(oakum_reader_new_memory(data, len), NULL);
  *plain = 0;
  g_autoptr(OakumTarReader) tar =
      oakum_tar_reader_new(oakum_reader_new_count(oakum_reader_new_hash(inflated, diff_id), plain));
  const OakumTarEntry *entry;
  g_autoptr(GHashTable) names = oakum_str_map_new(g_free, NULL);
  int more;
  while ((more = oakum_tar_reader_next(tar, &entry, NULL)) > 0)
    g_hash_table_add(names, g_strndup((const char *)entry->path.data, entry->path.len));
  g_autofree char *hex = oakum_hasher_hex(diff_id);
  if (more < 0 || !*hex)
    exit(1);
  return now() - began;
}

static double inflate_alone(const char *data, size_t len)
{
  static uint8_t out[128 * 1024];
  struct inflate_state state;
  double began = now();
  const uint8_t *at = (const uint8_t *)data;
  size_t left = len;
  while (left > 0) { /* one member after the other */
    isal_inflate_init(&state);
    state.crc_flag = ISAL_GZIP;
    state.next_in = (uint8_t *)at;
    state.avail_in = (uint32_t)MIN(left, UINT32_MAX);
    do {
      state.next_out = out;
      state.avail_out = sizeof(out);
      if (isal_inflate(&state) != ISAL_DECOMP_OK)
        exit(1);
    } while (state.block_state != ISAL_BLOCK_FINISH);
    left -= (size_t)(state.next_in - at);
    at = state.next_in;
  }
  return now() - began;
}

static double hash_alone(uint64_t plain)
{
  g_autofree uint8_t *block = g_malloc0(128 * 1024);
  g_autoptr(OakumHasher) hasher = oakum_hasher_new(OAKUM_HASH_SHA256);
  double began = now();
  for (uint64_t left = plain; left > 0;) {
    size_t n = (size_t)MIN(left, 128 * 1024);
    oakum_hasher_update(hasher, block, n);
    left -= n;
  }
  g_autofree char *hex = oakum_hasher_hex(hasher);
  return now() - began + (*hex ? 0 : 1);
}

int main(int argc, char **argv)
{
  char *data;
  gsize len;
  int rounds = argc > 2 ? atoi(argv[2]) : 7;
  if (argc < 2 || rounds < 1 || rounds > 100 || !g_file_get_contents(argv[1], &data, &len, NULL)) {
    fprintf(stderr, "usage: bench/layer FILE.tar.gz [ROUNDS]\n");
    return 1;
  }
  double t[3][100];
  uint64_t plain = 0;
  for (int i = 0; i < rounds; i++) { /* in turn, so that all three see the same machine */
    t[0][i] = whole(data, len, &plain);
    t[1][i] = inflate_alone(data, len);
    t[2][i] = hash_alone(plain);
  }
  double median[3], mib = (double)plain / (1 << 20);
  for (int k = 0; k < 3; k++) {
    qsort(t[k], (size_t)rounds, sizeof(double), by_value);
    median[k] = t[k][rounds / 2];
  }
  printf("%.0f MiB plain, %d rounds, medians\n", mib, rounds);
  static const char *const names[] = {"whole path", "inflate alone", "SHA-256 alone"};
  for (int k = 0; k < 3; k++)
    printf("%-13s %7.0f MiB/s  %.3f s\n", names[k], mib / median[k], median[k]);
  printf("share of the slower of the two: %.0f %%\n", 100 * MAX(median[1], median[2]) / median[0]);
  g_free(data);
  return 0;
}
