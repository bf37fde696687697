/* Oracle: what loads is whole: each node is found by its path, and saving and loading it again
 * gives the same bytes. The sum at the end is put right first, or nothing would get past it. */
#include "image/notes-private.h"
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static GBytes *save(const OakumNotes *notes)
{
  GByteArray *bytes = g_byte_array_new();
  g_autoptr(OakumWriter) out = oakum_writer_new_memory(bytes);
  if (!oakum_notes_save(notes, out, NULL) || !oakum_writer_finish(out, NULL))
    g_error("notes are not saved");
  return g_byte_array_free_to_bytes(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  g_autofree uint8_t *copy = g_memdup2(data, size);
  if (size > sizeof(uint64_t)) {
    const uint64_t sum = oakum_content_hash(0, copy, size - sizeof(sum));
    memcpy(copy + size - sizeof(sum), &sum, sizeof(sum));
  }
  g_autoptr(OakumNotes) notes = oakum_notes_load(oakum_reader_new_memory(copy, size), NULL);
  if (!notes)
    return 0;
  g_autoptr(GString) path = g_string_new(NULL);
  guint n = 0;
  for (OakumNoteId id = 0; (id = oakum_notes_next(notes, id)) != OAKUM_NOTE_NONE; n++)
    if (oakum_notes_find(notes, oakum_notes_path(notes, id, path)) != id)
      g_error("a name is not found");
  if (n != oakum_notes_count(notes))
    g_error("names are miscounted");
  g_autoptr(GBytes) once = save(notes);
  g_autoptr(OakumNotes) again = oakum_notes_load(oakum_reader_new_bytes(once), NULL);
  g_autoptr(GBytes) twice = again ? save(again) : NULL;
  if (!twice || !g_bytes_equal(once, twice))
    g_error("saved notes are others");
  return 0;
}
