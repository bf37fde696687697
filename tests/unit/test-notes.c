/* Notes of a tree against a plain table, over random changes; and what is saved, loaded, damaged.
 */
#include "image/notes-private.h"
#include <string.h>

static OakumNote note(OakumTarType type, guint seed)
{
  OakumNote made = {.type = type,
                    .mode = seed * 7 & 07777,
                    .uid = seed % 3,
                    .gid = seed % 5 == 0 ? UINT32_MAX : 0,
                    .size = type == OAKUM_TAR_FILE && seed % 11 == 0 ? UINT64_C(1) << 40 | seed : 0,
                    .mtime = seed % 7 == 0 ? -INT64_C(5000000000) - seed : (int64_t)seed,
                    .rdev = type == OAKUM_TAR_CHAR ? seed : 0,
                    .stamp = seed + 1,
                    .content = type == OAKUM_TAR_DIR ? 0 : seed * UINT64_C(0x9e3779b97f4a7c15),
                    .linked = type == OAKUM_TAR_FILE && seed % 13 == 0};
  if (seed % 17 == 0)
    memset(made.xattrs, (int)seed, sizeof(made.xattrs));
  return made;
}

static void set(OakumNotes *notes, const char *path, OakumNote value)
{
  OakumNoteId id = oakum_notes_make(notes, path, NULL);
  g_assert_cmpuint(id, !=, OAKUM_NOTE_NONE);
  g_assert_true(oakum_notes_set(notes, id, &value, NULL));
}

static void same_note(const OakumNotes *notes, OakumNoteId id, const OakumNote *want,
                      gboolean stamps)
{
  OakumNote got;
  oakum_notes_get(notes, id, &got);
  g_assert_cmpint(got.type, ==, want->type);
  g_assert_cmpuint(got.mode, ==, want->mode);
  g_assert_cmpuint(got.uid, ==, want->uid);
  g_assert_cmpuint(got.gid, ==, want->gid);
  g_assert_cmpuint(got.size, ==, want->size);
  g_assert_cmpint(got.mtime, ==, want->mtime);
  g_assert_cmpuint(got.rdev, ==, want->rdev);
  g_assert_cmpuint(got.stamp, ==, stamps ? want->stamp : 0);
  g_assert_cmpuint(got.content, ==, want->content);
  g_assert_cmpint(got.linked, ==, want->linked);
  g_assert_cmpmem(got.xattrs, sizeof(got.xattrs), want->xattrs, sizeof(want->xattrs));
}

/* `plain`: path → OakumNote. */
static void same(OakumNotes *notes, GHashTable *plain, gboolean stamps)
{
  g_autoptr(GString) path = g_string_new(NULL);
  guint n = 0, linked = 0;
  g_assert_cmpuint(oakum_notes_count(notes), ==, g_hash_table_size(plain));
  for (OakumNoteId id = 0; (id = oakum_notes_next(notes, id)) != OAKUM_NOTE_NONE; n++) {
    const OakumNote *want = g_hash_table_lookup(plain, oakum_notes_path(notes, id, path));
    g_assert_nonnull(want);
    same_note(notes, id, want, stamps);
    g_assert_cmpuint(oakum_notes_find(notes, path->str), ==, id);
    linked += want->linked ? 1 : 0;
  }
  g_assert_cmpuint(n, ==, g_hash_table_size(plain));
  const GArray *list = oakum_notes_linked(notes);
  g_assert_cmpuint(list->len, ==, linked);
  for (guint i = 0; i < list->len; i++)
    g_assert_true(oakum_notes_is_linked(notes, g_array_index(list, OakumNoteId, i)));
  /* by the lists of folders, too */
  g_autoptr(GArray) todo = g_array_new(FALSE, FALSE, sizeof(OakumNoteId));
  OakumNoteId root = 0;
  for (g_array_append_val(todo, root); todo->len > 0;) {
    OakumNoteId folder = g_array_index(todo, OakumNoteId, todo->len - 1);
    g_array_set_size(todo, todo->len - 1);
    for (OakumNoteId id = oakum_notes_first(notes, folder); id != OAKUM_NOTE_NONE;
         id = oakum_notes_sibling(notes, id)) {
      g_assert_cmpuint(oakum_notes_parent(notes, id), ==, folder);
      n -= oakum_notes_has(notes, id) ? 1 : 0;
      g_array_append_val(todo, id);
    }
  }
  g_assert_cmpuint(n, ==, 0);
}

static void plain_remove(GHashTable *plain, const char *path, gboolean itself)
{
  g_autofree char *below = g_strconcat(path, "/", NULL);
  GHashTableIter iter;
  gpointer key;
  g_hash_table_iter_init(&iter, plain);
  while (g_hash_table_iter_next(&iter, &key, NULL))
    if (g_str_has_prefix(key, below) || (itself && strcmp(key, path) == 0))
      g_hash_table_iter_remove(&iter);
}

/* In place of notes that lie above `path` and are no folders. */
static void plain_clear_above(GHashTable *plain, const char *path)
{
  for (g_autofree char *above = g_strdup(path); strchr(above, '/');) {
    *strrchr(above, '/') = '\0';
    const OakumNote *known = g_hash_table_lookup(plain, above);
    if (known && known->type != OAKUM_TAR_DIR)
      g_hash_table_remove(plain, above);
  }
}

static GBytes *save(const OakumNotes *notes)
{
  GByteArray *bytes = g_byte_array_new();
  g_autoptr(OakumWriter) out = oakum_writer_new_memory(bytes);
  g_assert_true(oakum_notes_save(notes, out, NULL));
  g_assert_true(oakum_writer_finish(out, NULL));
  return g_byte_array_free_to_bytes(bytes);
}

static void test_random(void)
{
  static const OakumTarType types[] = {OAKUM_TAR_DIR,     OAKUM_TAR_DIR,  OAKUM_TAR_FILE,
                                       OAKUM_TAR_SYMLINK, OAKUM_TAR_CHAR, OAKUM_TAR_FIFO};
  g_autoptr(GRand) rand = g_rand_new_with_seed(5);
  g_autoptr(OakumNotes) notes = oakum_notes_new();
  g_autoptr(GHashTable) plain = oakum_str_map_new(g_free, g_free);
  for (guint i = 0; i < 60000; i++) {
    g_autoptr(GString) path = g_string_new(NULL);
    guint deep = (guint)g_rand_int_range(rand, 1, 5);
    for (guint depth = deep; depth > 0; depth--)
      g_string_append_printf(path, "%s%s%d", path->len ? "/" : "", i % 2 ? "n" : "name-",
                             g_rand_int_range(rand, 0, i < 30000 ? 12 : 40));
    guint what = (guint)g_rand_int_range(rand, 0, 100);
    if (what < 98) {
      gboolean any = deep == 4 || what == 0; /* else all would be below what is no folder */
      OakumNote value =
          note(any ? types[g_rand_int_range(rand, 0, G_N_ELEMENTS(types))] : OAKUM_TAR_DIR, i);
      set(notes, path->str, value);
      plain_clear_above(plain, path->str);
      if (value.type != OAKUM_TAR_DIR)
        plain_remove(plain, path->str, FALSE);
      g_hash_table_replace(plain, g_strdup(path->str), g_memdup2(&value, sizeof(value)));
    } else {
      oakum_notes_remove(notes, oakum_notes_node(notes, path->str), what < 99);
      plain_remove(plain, path->str, what < 99);
    }
    if (i % 10000 == 9999) {
      same(notes, plain, TRUE);
      oakum_notes_tidy(notes);
      same(notes, plain, TRUE);
      g_autoptr(GBytes) bytes = save(notes);
      g_autoptr(OakumNotes) again = oakum_notes_load(oakum_reader_new_bytes(bytes), NULL);
      g_assert_nonnull(again);
      same(again, plain, FALSE);
      g_autoptr(GBytes) twice = save(again);
      g_assert_true(g_bytes_equal(bytes, twice));
    }
  }
  g_assert_cmpuint(g_hash_table_size(plain), >, 2000);
}

/* Names that come and go again and again take no more memory than there are. */
static void test_tidy(void)
{
  g_autoptr(OakumNotes) notes = oakum_notes_new();
  for (guint round = 0; round < 20; round++) {
    oakum_notes_tidy(notes);
    for (guint i = 0; i < 3000; i++) {
      g_autofree char *path = g_strdup_printf("folder/%u-%u", round, i);
      set(notes, path, note(OAKUM_TAR_FILE, i));
    }
    if (round < 19)
      oakum_notes_remove(notes, oakum_notes_node(notes, "folder"), round % 2);
  }
  g_assert_cmpuint(oakum_notes_count(notes), ==, 3000);
  g_assert_cmpuint(oakum_notes_end(notes), <, 20000);
  g_assert_cmpuint(oakum_notes_find(notes, "folder/19-2999"), !=, OAKUM_NOTE_NONE);
  g_assert_cmpuint(oakum_notes_find(notes, "folder/18-2999"), ==, OAKUM_NOTE_NONE);
}

static void test_names(void)
{
  g_autoptr(OakumNotes) notes = oakum_notes_new();
  g_autoptr(GError) error = NULL;
  g_autofree char *longest = g_strnfill(OAKUM_TAR_COMPONENT_MAX, 'x'),
                  *longer = g_strnfill(OAKUM_TAR_COMPONENT_MAX + 1, 'x');
  for (guint i = 0; i < 400; i++) { /* over the ends of chunks */
    g_autofree char *path = g_strdup_printf("%u/%s", i, longest);
    set(notes, path, note(OAKUM_TAR_FILE, i));
  }
  for (guint i = 0; i < 400; i++) {
    g_autofree char *path = g_strdup_printf("%u/%s", i, longest);
    g_assert_cmpuint(oakum_notes_find(notes, path), !=, OAKUM_NOTE_NONE);
  }
  g_assert_cmpuint(oakum_notes_find(notes, longer), ==, OAKUM_NOTE_NONE);
  g_assert_cmpuint(oakum_notes_make(notes, longer, &error), ==, OAKUM_NOTE_NONE);
  g_assert_error(error, OAKUM_IMAGE_ERROR, OAKUM_ERROR_LIMIT);
  g_assert_cmpuint(oakum_notes_node(notes, ""), ==, 0);
  g_assert_cmpuint(oakum_notes_find(notes, "1"), ==, OAKUM_NOTE_NONE); /* nothing told of it */
}

/* Each byte changed, and each length: refused, or, where a sum hides it, a whole table. */
static void test_damaged(void)
{
  g_autoptr(OakumNotes) notes = oakum_notes_new();
  set(notes, "a", note(OAKUM_TAR_DIR, 1));
  set(notes, "a/file", note(OAKUM_TAR_FILE, 13));
  set(notes, "a/b/deep", note(OAKUM_TAR_SYMLINK, 17));
  set(notes, "c", note(OAKUM_TAR_CHAR, 3));
  g_autoptr(GBytes) bytes = save(notes);
  gsize len;
  const guint8 *data = g_bytes_get_data(bytes, &len);
  for (gsize i = 0; i <= len; i++) {
    g_autofree guint8 *copy = g_malloc(len + 1);
    memcpy(copy, data, len);
    copy[len] = 0;
    if (i < len)
      copy[i] ^= (guint8)(1u << i % 8);
    for (guint k = 0; k < 2; k++) {
      g_autoptr(GError) error = NULL;
      g_autoptr(OakumNotes) bad =
          oakum_notes_load(k == 0 ? oakum_reader_new_memory(copy, i < len ? len : len + 1)
                                  : oakum_reader_new_memory(data, i < len ? i : 0),
                           &error);
      g_assert_null(bad);
      g_assert_error(error, OAKUM_IMAGE_ERROR, OAKUM_ERROR_INVALID);
    }
  }
}

/* What would be wrong with a right sum: each row of the format by itself. */
typedef struct {
  uint32_t parent, kind, low[2];
  uint64_t content;
} Row;
static gboolean loads(uint32_t type, uint32_t n, const Row *rows, const char *const *names)
{
  g_autoptr(GByteArray) bytes = g_byte_array_new();
  const uint32_t head[] = {0x01020304, 1, n, 0}, kind[12] = {type, 0644};
  g_byte_array_append(bytes, (const guint8 *)"oakum notes 1\n\0", 16);
  g_byte_array_append(bytes, (const guint8 *)head, sizeof(head));
  g_byte_array_append(bytes, (const guint8 *)kind, sizeof(kind));
  for (uint32_t i = 0; i < n; i++) {
    const guint8 len = (guint8)strlen(names[i]);
    g_byte_array_append(bytes, (const guint8 *)&rows[i], sizeof(Row));
    g_byte_array_append(bytes, &len, 1);
    g_byte_array_append(bytes, (const guint8 *)names[i], len);
  }
  const uint64_t sum = oakum_content_hash(0, bytes->data, bytes->len);
  g_byte_array_append(bytes, (const guint8 *)&sum, sizeof(sum));
  g_autoptr(OakumNotes) notes =
      oakum_notes_load(oakum_reader_new_memory(bytes->data, bytes->len), NULL);
  return notes != NULL;
}

static void test_refused(void)
{
  const uint32_t noted = 1u << 31, file = OAKUM_TAR_FILE, dir = OAKUM_TAR_DIR;
  const char *const ab[] = {"a", "b"}, *const aa[] = {"a", "a"};
  g_assert_true(loads(dir, 2, (Row[]){{0, noted}, {1, noted}}, ab));
  g_assert_true(loads(file, 2, (Row[]){{0, 0}, {1, noted}}, ab));
  g_assert_true(loads(file, 2, (Row[]){{0, noted}, {0, noted | 1u << 30}}, ab));
  g_assert_false(loads(file, 2, (Row[]){{0, noted}, {1, noted}}, ab));        /* below a file */
  g_assert_false(loads(dir, 2, (Row[]){{0, noted}, {2, noted}}, ab));         /* in itself */
  g_assert_false(loads(dir, 2, (Row[]){{0, noted}, {0xfffffff0, 0}}, ab));    /* in nothing */
  g_assert_false(loads(dir, 2, (Row[]){{0, noted}, {0, noted}}, aa));         /* twice */
  g_assert_false(loads(file, 2, (Row[]){{0, noted | 1}, {0, noted}}, ab));    /* no such kind */
  g_assert_false(loads(file, 2, (Row[]){{0, 1}, {0, noted}}, ab));            /* a kind, no note */
  g_assert_false(loads(file, 2, (Row[]){{0, noted | 1u << 28}, {0, 0}}, ab)); /* a mark of ours */
  g_assert_false(loads(OAKUM_TAR_HARDLINK, 1, (Row[]){{0, noted}}, ab));
  g_assert_false(loads(99, 1, (Row[]){{0, noted}}, ab));
  static const char *const bad[] = {"", ".", "..", "a/b", "/"};
  for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
    g_assert_false(loads(file, 1, (Row[]){{0, noted}}, &bad[i]));
}

static void test_deep(void)
{
  Row rows[OAKUM_TAR_PATH_DEPTH_MAX + 1] = {0};
  const char *names[OAKUM_TAR_PATH_DEPTH_MAX + 1];
  for (uint32_t i = 0; i <= OAKUM_TAR_PATH_DEPTH_MAX; i++) {
    rows[i].parent = i;
    names[i] = "d";
  }
  g_assert_true(loads(OAKUM_TAR_FILE, OAKUM_TAR_PATH_DEPTH_MAX, rows, names));
  g_assert_false(loads(OAKUM_TAR_FILE, OAKUM_TAR_PATH_DEPTH_MAX + 1, rows, names));
}

static void test_set(void)
{
  OakumNoteSet members = {0};
  static const OakumNoteId ids[] = {0, 1, 31, 32, 63, 64, 1000, 100000};
  g_assert_cmpuint(oakum_note_set_next(&members, 0), ==, OAKUM_NOTE_NONE);
  for (size_t i = 0; i < G_N_ELEMENTS(ids); i++)
    oakum_note_set_add(&members, ids[i]);
  OakumNoteId at = 0;
  for (size_t i = 0; i < G_N_ELEMENTS(ids); i++, at++)
    g_assert_cmpuint(at = oakum_note_set_next(&members, at), ==, ids[i]);
  g_assert_cmpuint(oakum_note_set_next(&members, at), ==, OAKUM_NOTE_NONE);
  oakum_note_set_drop(&members, 64);
  oakum_note_set_drop(&members, 5000000);
  g_assert_false(oakum_note_set_has(&members, 64));
  g_assert_true(oakum_note_set_has(&members, 63));
  g_assert_cmpuint(oakum_note_set_next(&members, 64), ==, 1000);
  oakum_note_set_clear(&members);
}

/* A file of several names counts once, and contents in blocks. */
static void test_bytes(void)
{
  g_autoptr(OakumNotes) notes = oakum_notes_new();
  g_assert_cmpuint(oakum_notes_bytes(notes), ==, 0);
  set(notes, "d", (OakumNote){.type = OAKUM_TAR_DIR});
  set(notes, "d/empty", (OakumNote){.type = OAKUM_TAR_FILE});
  set(notes, "d/one", (OakumNote){.type = OAKUM_TAR_FILE, .size = 1, .content = 5});
  set(notes, "d/same", (OakumNote){.type = OAKUM_TAR_FILE, .size = 4096, .content = 5});
  set(notes, "d/link", (OakumNote){.type = OAKUM_TAR_SYMLINK, .size = 9, .content = 6});
  g_assert_cmpuint(oakum_notes_bytes(notes), ==, 3 * 4096);
  for (guint i = 0; i < 3; i++) {
    g_autofree char *path = g_strdup_printf("d/name%u", i);
    set(notes, path,
        (OakumNote){.type = OAKUM_TAR_FILE, .size = 4097, .content = 7, .linked = TRUE});
  }
  g_assert_cmpuint(oakum_notes_bytes(notes), ==, 5 * 4096);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/notes/random", test_random);
  g_test_add_func("/notes/tidy", test_tidy);
  g_test_add_func("/notes/names", test_names);
  g_test_add_func("/notes/damaged", test_damaged);
  g_test_add_func("/notes/refused", test_refused);
  g_test_add_func("/notes/deep", test_deep);
  g_test_add_func("/notes/set", test_set);
  g_test_add_func("/notes/bytes", test_bytes);
  return g_test_run();
}
