"""Random Dockerfiles with what they read, in the form of tests/cases/build (tests/e2e/build_case.py); what a seed gives stays the same."""
import random

from . import add, files, forms, language, run, stages

KINDS = {"copy": files.copy, "ignore": files.ignore, "expand": files.expand, "language": language.language, "stages": stages.stages, "run": run.run,
         "add": add.add, "forms": forms.forms, "choose": forms.choose, "archive": forms.archive}


def case(kind, seed):
    """Text of a case: the Dockerfile comes last, so that it may end without a line end."""
    return KINDS[kind](random.Random(f"{kind}-{seed}"))
