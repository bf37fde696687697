"""Judges with a face in Python or C: `judge.py SCHEME version|range` reads lines of two fields, prints what `oakum debug` would."""
import ctypes
import sys

SCHEME, MODE = sys.argv[1:3]


def word(order):
    return "<" if order < 0 else ">" if order > 0 else "="


def pep440():
    from packaging.specifiers import InvalidSpecifier, SpecifierSet
    from packaging.version import InvalidVersion, Version

    def version(a, b):
        try:
            x, y = Version(a), Version(b)
        except InvalidVersion:
            return "!"
        return word((x > y) - (x < y))

    def inside(a, b):
        try:
            wanted = SpecifierSet(a)
            if not (len(wanted) and all(one.operator == "===" for one in wanted)):  # which take any text
                b = Version(b)
            return "yes" if wanted.contains(b) else "no"
        except (InvalidSpecifier, InvalidVersion):
            return "!"

    return version, inside


def conan():
    from conan.errors import ConanException
    from conan.internal.model.version import Version
    from conan.internal.model.version_range import VersionRange

    def version(a, b):
        x, y = Version(a), Version(b)
        return "<" if x < y else "=" if x == y else ">"

    def inside(a, b):
        try:
            return "yes" if VersionRange(a).contains(Version(b), resolve_prerelease=None) else "no"
        except (ConanException, IndexError):  # "^0" has nothing to go up
            return "!"

    return version, inside


def portage():
    from portage.versions import vercmp

    def version(a, b):
        order = vercmp(a, b)
        return "!" if order is None else word(order)

    return version, None


def rpm():
    lib = ctypes.CDLL("librpm.so.9")
    lib.rpmverParse.restype = ctypes.c_void_p
    lib.rpmverCmp.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
    lib.rpmverOverlap.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p, ctypes.c_int]
    lib.rpmverFree.argtypes = [ctypes.c_void_p]
    flags = {"<": 2, ">": 4, "=": 8, "<=": 10, ">=": 12}

    def both(a, b, function):
        x, y = lib.rpmverParse(a.encode()), lib.rpmverParse(b.encode())
        said = function(x, y) if x and y else "!"
        for one in (x, y):
            if one:
                lib.rpmverFree(one)
        return said

    def inside(a, b):
        op = a[:2] if a[:2] in flags else a[:1]
        return both(a[len(op):].strip(), b, lambda x, y: "yes" if lib.rpmverOverlap(y, 8, x, flags[op]) else "no")

    return lambda a, b: both(a, b, lambda x, y: word(lib.rpmverCmp(x, y))), inside


def rpm_segment():
    lib = ctypes.CDLL("librpm.so.9")
    return lambda a, b: word(lib.rpmvercmp(a.encode(), b.encode())), None


def pacman():
    lib = ctypes.CDLL("libalpm.so.13")
    return lambda a, b: word(lib.alpm_pkg_vercmp(a.encode(), b.encode())) if a and b else "!", None


judge = globals()[SCHEME.replace("-", "_")]()[MODE == "range"]
for line in sys.stdin.buffer.read().decode("latin-1").split("\n")[:-1]:
    a, b = line.split("\t")
    print(judge(a, b))
