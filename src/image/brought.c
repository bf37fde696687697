/* Which names the layer that is being applied brought, so that its whiteouts spare them. */
#include "image/tree-private.h"

OakumNoteId oakum_brought_add(OakumBrought *brought, OakumNotes *notes, const char *path,
                              GError **error)
{
  OakumNoteId id = oakum_notes_make(notes, path, error);
  if (id == OAKUM_NOTE_NONE || oakum_note_set_has(&brought->names, id))
    return id;
  oakum_note_set_add(&brought->names, id);
  for (OakumNoteId up = id; (up = oakum_notes_parent(notes, up)) != OAKUM_NOTE_NONE &&
                            !oakum_note_set_has(&brought->above, up);)
    oakum_note_set_add(&brought->above, up);
  return id;
}

gboolean oakum_brought_has(const OakumBrought *brought, OakumNoteId id)
{
  return oakum_note_set_has(&brought->names, id) || oakum_note_set_has(&brought->above, id);
}

gboolean oakum_brought_drop_older(const OakumBrought *brought, OakumNotes *notes, OakumNoteId top,
                                  OakumOlder older, gpointer user, GError **error)
{
  g_autoptr(GArray) todo = g_array_new(FALSE, FALSE, sizeof(OakumNoteId));
  g_array_append_val(todo, top);
  while (todo->len > 0) {
    OakumNoteId folder = g_array_index(todo, OakumNoteId, todo->len - 1);
    g_array_set_size(todo, todo->len - 1);
    for (OakumNoteId id = oakum_notes_first(notes, folder); id != OAKUM_NOTE_NONE;
         id = oakum_notes_sibling(notes, id)) {
      if (oakum_brought_has(brought, id)) {
        g_array_append_val(todo, id);
        continue;
      }
      if (!older(user, id, error))
        return FALSE;
      oakum_notes_remove(notes, id, TRUE);
    }
  }
  return TRUE;
}

void oakum_brought_clear(OakumBrought *brought)
{
  oakum_note_set_clear(&brought->names);
  oakum_note_set_clear(&brought->above);
}
