/* What the supervisor of the rung fake-root tells the loader (loader.c, a program of its own). */
#pragma once
#include <stdint.h>

/* An option of prctl(2) that Linux does not have: a call that no filter around us denies. */
#define OAKUM_LOADER_OPTION 0x6f616b75
#define OAKUM_LOADER_PREFIX_MAX 12u /* arguments in front: interpreters of scripts */
#define OAKUM_LOADER_TEXT 24576u    /* bytes of all strings */

typedef struct {
  int32_t program, interpreter;  /* descriptors; interpreter -1: none */
  uint32_t uid, euid, gid, egid; /* what the auxiliary vector says */
  uint32_t prefix_len, skip;     /* strings put in front of argv, of which `skip` are dropped */
  uint32_t execfn, comm;         /* offsets in text */
  uint32_t prefix[OAKUM_LOADER_PREFIX_MAX];
  char text[OAKUM_LOADER_TEXT];
} OakumLoaderPlan;
