#include "lint/lint-private.h"

void lint_word_free(LintWord *word)
{
  g_free(word->name);
  g_free(word->value);
  g_free(word->raw);
  g_free(word);
}

void lint_step_free(LintStep *step)
{
  while (step) { /* ONBUILD holds one more */
    LintStep *inner = step->inner;
    char **strings[] = {&step->keyword_text, &step->text, &step->image, &step->registry, &step->name,
                        &step->tag,          &step->digest, &step->alias, &step->platform};
    for (size_t i = 0; i < G_N_ELEMENTS(strings); i++)
      g_free(*strings[i]);
    g_ptr_array_unref(step->flags);
    g_ptr_array_unref(step->words);
    g_clear_pointer(&step->scripts, g_ptr_array_unref);
    g_clear_pointer(&step->commands, g_array_unref);
    g_free(step);
    step = inner;
  }
}
