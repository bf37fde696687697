/* Deflate (RFC 1951) that is pushed: for who is given the bytes and cannot ask for them. */
#include "codec/codec-private.h"
#include <isa-l/igzip_lib.h>

struct OakumInflater {
  struct inflate_state state;
  uint8_t out[64 * 1024];
};

OakumInflater *oakum_inflater_new(OakumDeflateForm form)
{
  OakumInflater *inflater = g_new(OakumInflater, 1);
  oakum_inflater_begin(inflater, form);
  return inflater;
}

void oakum_inflater_begin(OakumInflater *inflater, OakumDeflateForm form)
{
  static const uint32_t flags[] = {[OAKUM_DEFLATE_RAW] = ISAL_DEFLATE,
                                   [OAKUM_DEFLATE_ZLIB] = ISAL_ZLIB,
                                   [OAKUM_DEFLATE_GZIP] = ISAL_GZIP};
  isal_inflate_init(&inflater->state);
  inflater->state.crc_flag = flags[form];
}

int oakum_inflater_push(OakumInflater *inflater, const void *data, size_t len, size_t *used,
                        gboolean (*take)(gpointer user, const void *data, size_t len),
                        gpointer user)
{
  struct inflate_state *state = &inflater->state;
  const uint8_t *at = data;
  size_t left = len;
  int status = 0;
  do {
    state->next_in = (uint8_t *)(gpointer)at;
    state->avail_in = (uint32_t)MIN(left, G_MAXINT32);
    state->next_out = inflater->out;
    state->avail_out = sizeof inflater->out;
    uint32_t before = state->avail_in;
    int done = isal_inflate(state);
    at += before - state->avail_in;
    left -= before - state->avail_in;
    size_t made = sizeof inflater->out - state->avail_out;
    if (done < 0 || (made > 0 && !take(user, inflater->out, made)))
      status = -1;
    else if (state->block_state == ISAL_BLOCK_FINISH)
      status = 1;
    else if (made == 0 && before == state->avail_in)
      break; /* it wants more than there is */
  } while (status == 0 && (left > 0 || state->avail_out == 0));
  *used = len - left;
  if (status == 1) { /* bytes that it took and did not need are whoever's comes next */
    size_t ahead = (size_t)MAX(state->read_in_length, 0) / 8;
    *used -= MIN(*used, ahead);
  }
  return status;
}

void oakum_inflater_free(OakumInflater *inflater)
{
  g_free(inflater);
}
