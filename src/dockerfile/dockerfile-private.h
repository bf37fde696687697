#pragma once
#include "dockerfile/dockerfile.h"

/* ---- maps
 * ------------------------------------------------------------------------------------------ */
typedef struct {
  guint text, file; /* from here on both go on together, to the next segment */
} OakumSegment;
struct OakumMap {
  guint len; /* of the text */
  guint n;
  OakumSegment segments[];
};
/* The map of bytes [from, to) of a text whose segments are given; its own text begins at 0. */
NODISCARD OakumMap *oakum_map_new(const GArray *segments, size_t from, size_t to);
/* `at` may be the length of the text: behind its last byte. */
NODISCARD guint oakum_map_locate(const OakumMap *map, guint at);
NODISCARD guint oakum_segments_locate(const OakumSegment *segments, guint n, guint len, guint at);

/* ---- the parser
 * ------------------------------------------------------------------------------------ */
/* A run of bytes of an instruction's lines, in the order of the file. WORD: part of the text. */
typedef struct {
  OakumTokenKind kind;
  guint offset, len;
  guint at; /* in the text */
} OakumPiece;

/* One logical line: continuation lines joined; each byte knows where it stands, and what it is. */
typedef struct {
  GString *text;
  GArray *segments;  /* OakumSegment */
  GArray *pieces;    /* OakumPiece */
  GByteArray *paint; /* OakumTokenKind + 1 of each byte of the text; 0: not said */
  guint from, to;    /* the lines that were read for it */
} OakumLine;

/* An instruction with what stands between it and the one before, for the next parse; the last one
 * of a tree is what follows the last instruction. */
typedef struct {
  guint start, end;                 /* bytes */
  guint words, heredocs;            /* that it counted against the limits */
  guint lookaheads;                 /* of the file before it */
  guint first_token, first_comment; /* in the lists of the tree */
  int before;                       /* which chunk it was in the tree before; -1: none */
  guint moved;                      /* then: by how many bytes, modulo 2^32 */
  gboolean has_error;               /* before the stages were made */
  gboolean from_misspelt;
  gboolean keep; /* its bytes alone say what it is */
} OakumChunk;

typedef struct {
  OakumDockerfile *out;
  guint at; /* next byte of the source */
  OakumLine line;
  OakumInstruction *current; /* the outer instruction that is read; NULL: none */
  OakumInstruction *reading; /* the same, or the one inside it */
  guint words, heredocs, lookaheads;
  guint directives;       /* which were seen: a bit each */
  gboolean shebang;       /* the file begins with "#!" */
  gboolean from_misspelt; /* then what stands "before the first FROM" is no news */
  gboolean in_graph;      /* the instructions are read, and their stages looked at */
  gboolean limited;       /* a limit was passed: `error` is set, the tree is thrown away */
  GError **error;
  /* again.c: a tree of nearly the same text, that is used up */
  OakumDockerfile *before;      /* NULL: none */
  guint same, same_back;        /* bytes that both texts begin and end with */
  int moved_lines;              /* what stands in the end, by so many lines */
  guint next_chunk, next_error; /* the first one that may still be taken over */
} OakumParser;

/* Adds an error of the tree; `hint` may be NULL and is taken. */
void oakum_parser_fail(OakumParser *parser, const OakumRange *range, const char *code, char *hint,
                       const char *format, ...) G_GNUC_PRINTF(5, 6);
/* The same for bytes [from, to) of the current line. */
void oakum_line_fail(OakumParser *parser, size_t from, size_t to, const char *code, char *hint,
                     const char *format, ...) G_GNUC_PRINTF(6, 7);
/* A limit: sets the GError, and ends the parse. Returns FALSE. */
gboolean oakum_parser_limit(OakumParser *parser, const OakumRange *range, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
/* At most 64 bytes of a foreign text, for a message. New. */
NODISCARD char *oakum_shorten(const char *text, size_t len);
/* The word that was meant, or NULL; a short word that is two edits away is another one. */
NODISCARD const char *oakum_suggestion(const char *word, const char *const *known);
/* "did you mean X?" or NULL. */
NODISCARD char *oakum_hint(const char *word, const char *const *known);

NODISCARD OakumRange oakum_line_range(const OakumParser *parser, size_t from, size_t to);
void oakum_line_paint(OakumParser *parser, size_t from, size_t to, OakumTokenKind kind);
/* Bytes of the white space (Unicode) that stands at `text`, 0: none. */
NODISCARD size_t oakum_space_len(const char *text);
/* Bytes of the character at `text`; 1 when it is no UTF-8. `text` is not at its end. */
NODISCARD size_t oakum_char_len(const char *text);
/* White space of the language inside a line: not Unicode's. */
static inline gboolean oakum_is_blank(char c)
{
  return c == ' ' || c == '\t' || c == '\v' || c == '\f' || c == '\r';
}

/* Where the visible bytes of text[from, end) end, and begin. */
NODISCARD size_t oakum_text_end(const char *text, size_t from, size_t end);
NODISCARD size_t oakum_text_start(const char *text, size_t from, size_t end);

void oakum_tokens_add(OakumParser *parser, OakumTokenKind kind, guint offset, guint len);
/* Reads the directives at the top and moves behind the byte order mark. */
void oakum_parser_directives(OakumParser *parser);
/* Makes the instruction of bytes [from, end of text) of the current line; new, never NULL but when
 * a limit is passed. `inside`: of ONBUILD. */
NODISCARD OakumInstruction *oakum_parser_instruction(OakumParser *parser, size_t from,
                                                     gboolean inside);
void oakum_instruction_free(gpointer instruction);
void oakum_word_free(gpointer word);
void oakum_heredoc_free(OakumHeredoc *heredoc);
/* Appends a word and counts it. NULL: a limit was passed. */
OakumWord *oakum_parser_word(OakumParser *parser, GPtrArray *list, char *name, char *value,
                             OakumRange range);
/* ---- what stands behind an instruction's name
 * ---------------------------------------------------------- */
/* Bytes [at, end) of the line are what is read; `end` is behind its last visible byte. */
typedef struct {
  OakumParser *parser;
  OakumInstruction *in;
  const char *text;
  size_t at, end;
  char escape;
} OakumCursor;
typedef enum { OAKUM_FLAG_TEXT, OAKUM_FLAG_BOOL, OAKUM_FLAG_MANY } OakumFlagKind;
typedef struct {
  const char *name; /* NULL ends a table */
  OakumFlagKind kind;
} OakumFlag;
NODISCARD size_t oakum_cursor_spaces(const OakumCursor *r, size_t at); /* behind white space */
NODISCARD size_t oakum_cursor_blanks(const OakumCursor *r, size_t at); /* behind ASCII's */
NODISCARD size_t oakum_cursor_word(const OakumCursor *r, size_t at);   /* behind no blanks */
/* Reads flags up to the first argument or "--"; moves r->at. */
void oakum_cursor_flags(OakumCursor *r, const OakumFlag *known);
/* A word whose value stands in the text as it is. `text_at`: where the instruction's text begins.
 * NULL: a limit was passed. */
OakumWord *oakum_cursor_plain(OakumCursor *r, size_t from, size_t to, size_t text_at);
void oakum_cursor_spaced(OakumCursor *r);
/* key=value; `args`: or a key alone (ARG). Else the old form "key value" is one too. */
void oakum_cursor_pairs(OakumCursor *r, gboolean args);
/* The exec form. FALSE: the text is to be taken in the shell form. */
NODISCARD gboolean oakum_cursor_json(OakumCursor *r);
void oakum_cursor_command(OakumCursor *r);

/* The mount of one flag: `value` with its quotes removed, `places` where each of its bytes stands
 * in the line, and one more. */
void oakum_parser_mount(OakumParser *parser, OakumInstruction *in, const OakumWord *flag,
                        const GArray *places);
NODISCARD OakumStage *oakum_stage_new(void);
/* After the last instruction: stages, their graph, what must not stand before FROM. */
void oakum_parser_stages(OakumParser *parser);

/* ---- again.c
 * ------------------------------------------------------------------------------------------- */
/* The directives are read: notes what can be taken from the tree before. */
void oakum_parser_before(OakumParser *parser, OakumDockerfile *before);
/* Takes over the chunk that begins here. FALSE: there is none, and it is to be read. */
NODISCARD gboolean oakum_parser_take(OakumParser *parser);
/* The instruction was read: notes the chunk, of which `begun` holds what was so before. */
void oakum_parser_keep(OakumParser *parser, const OakumChunk *begun);
/* A limit may be passed: the text is to be read without the tree before, to say where. */
NODISCARD gboolean oakum_parser_over(const OakumParser *parser);

/* ---- here-documents
 * -------------------------------------------------------------------------------- */
/* Finds the markers of the current line, which is that of `outer`. */
void oakum_heredocs_find(OakumParser *parser, OakumInstruction *outer);
/* Reads the bodies behind the line and checks where the markers stand. */
void oakum_heredocs_read(OakumParser *parser, OakumInstruction *outer);
/* One line of the file: content [start, stop), all [start, next). */
typedef struct {
  guint start, stop, next;
} OakumPhysical;
/* FALSE at the end of the text. */
NODISCARD gboolean oakum_parser_physical(OakumParser *parser, OakumPhysical *line);

/* ---- the lexer of words
 * ---------------------------------------------------------------------------- */
/* Called for each word of a line as BuildKit looks for here-documents in it: `word` with its quotes
 * and escapes, bytes [from, to) of the line. */
typedef void (*OakumLexed)(const char *word, guint from, guint to, gpointer user);
/* FALSE: the line does not follow the rules of the lexer, and so has no here-documents. */
NODISCARD gboolean oakum_lex_line(const char *line, OakumLexed lexed, gpointer user);
/* The words of `text` with backslash as escape; variables stay. `quotes`: they stay too. */
NODISCARD GPtrArray *oakum_lex_words(const char *text, gboolean quotes);

/* ${value#pattern} and its like, ${value/pattern/replacement}. NULL with an error: the pattern has
 * an escape that means nothing, or costs too much. */
NODISCARD char *oakum_pattern_trim(const char *pattern, const char *value, gboolean suffix,
                                   gboolean greedy, GError **error);
NODISCARD char *oakum_pattern_replace(const char *pattern, const char *replacement,
                                      const char *value, gboolean all, GError **error);
