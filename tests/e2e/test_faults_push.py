"""Push against a registry that misbehaves: whole or chunked, mounted or not; a tag only when everything is there."""
import json

import pytest
from faults import MANIFEST, PASSWORD, Registry, descriptor, digest, make_image
from test_faults import BIG, IMAGE, is_pushed, pull, push, registry, run, write_image  # noqa: F401  (registry is a fixture)


@pytest.mark.parametrize("faults, settings, options", [
    ((), {}, ()), ((), {"auth": "basic"}, ()), ((), {"auth": None}, ()), ((), {}, ("--chunk", 1000000)), ((), {"chunk_min": 3 << 20}, ("--chunk", 1000000)),
    (("500",), {}, ()), (("429",) * 3, {}, ()), (("cut-POST-blobs",), {}, ()), (("cut-HEAD-blobs",), {}, ()), (("cut-PUT-blobs",), {}, ()), (("cut-PUT-manifests",), {}, ()),
    (("PUT-blobs-503",), {}, ()), (("PUT-blobs-500", "PUT-blobs-429", "PUT-manifests-502"), {}, ()), (("POST-blobs-500",), {}, ()),
    (("blobs-not-seen",) * 2, {}, ()), (("expire-PUT-blobs",), {}, ()), (("expire-POST-blobs",), {}, ()), (("expire-PUT-manifests",), {}, ()), (("always-first-scope-only",), {}, ()),
    (("cut-body-PUT",), {}, ()), (("cut-body-PUT",) * 2, {"cut_at": 100}, ()), (("cut-after-PUT",), {}, ()), (("forget-PUT",), {}, ()),
    (("expire-PATCH-blobs",), {}, ("--chunk", 1000000)), (("cut-PATCH-blobs",), {}, ("--chunk", 1000000)), (("cut-body-PATCH",) * 3, {}, ("--chunk", 1000000)),
    (("PATCH-blobs-500", "PATCH-blobs-429"), {}, ("--chunk", 1000000)), (("keep-half",) * 3, {}, ("--chunk", 1000000)), (("forget-PATCH",), {}, ("--chunk", 1000000)),
    ((), {"request_max": 1500000}, ()), (("always-413-hangs-up",), {"request_max": 4000000}, ()), (("cut-body-PATCH", "expire-PATCH-blobs"), {"request_max": 1500000}, ()),
])
def test_push_survives(oakum, registry, tmp_path, faults, settings, options):  # noqa: F811
    server = registry(*faults, **settings)
    done = push(oakum, server, tmp_path / "in", *options, login=server.auth is not None)
    assert done.returncode == 0, done.stderr
    assert is_pushed(server) and server.tagged == ["v1"] and not [f for f in server.faults if not f.startswith("always-")]
    assert "retires" in done.stderr and "\x1b" not in done.stderr  # the Warning header, harmless


@pytest.mark.parametrize("faults, settings, message", [
    (("always-500",), {}, "status 500"), (("always-PUT-blobs-500",), {}, "status 500: UNKNOWN"), (("always-POST-blobs-429",), {}, "status 429"),
    (("always-cut-PUT-blobs",), {}, "PUT http"), (("always-cut-body-PUT",), {}, "PUT http|PATCH"), (("always-expire-PUT-blobs",), {}, "may not do this"),
    (("always-narrow",), {}, "may not do this"), (("always-took-other",), {}, "it took"), (("always-lost-blob",), {}, "has it not"),
    (("always-PUT-manifests-503",), {}, "status 503"), (("always-blobs-not-seen",), {}, "MANIFEST_BLOB_UNKNOWN"), (("manifest-413",), {}, "nothing that large"), (("immutable",), {}, "lets no tag be moved"),
    ((), {"request_max": 1000}, "status 413"), (("always-forget-PUT",), {}, "BLOB_UPLOAD_UNKNOWN"),
])
def test_push_tells(oakum, registry, tmp_path, faults, settings, message):  # noqa: F811
    server = registry(*faults, **settings)
    done = push(oakum, server, tmp_path / "in", refs=("v1", "v2"))
    assert done.returncode == 1 and any(m in done.stderr for m in message.split("|")), done.stderr
    assert not server.manifests and not server.tagged


def test_own_blob_is_wrong(oakum, registry, tmp_path):  # noqa: F811
    """Bytes that are not what their digest says never become a blob, whatever their length."""
    for wrong in (BIG[:-1], BIG + b"x", BIG[:-1] + b"x"):
        for options in ((), ("--chunk", 1000000)):
            server = registry()
            folder = write_image(tmp_path / "in", *IMAGE)
            (folder / "blobs" / digest(BIG).replace(":", "/")).write_bytes(wrong)
            done = run(oakum, server, "push", *options, folder, f"{server.address}/team/app:v1")
            assert done.returncode == 1 and ("expected" in done.stderr or "more" in done.stderr), done.stderr
            assert not server.tagged and ("team/app", digest(BIG)) not in server.blobs


@pytest.mark.parametrize("where, message", [
    ("https://10.0.0.1/u?state=c", "which is refused"), ("http://127.0.0.1:1/u?state=c", "which is refused"), ("http://169.254.169.254/u", "which is refused"),
    ("file:///etc/passwd", "which is refused"), ("https://u:p@example.com/u", "which is refused"), ("http://upload.example/u", "which is refused"), ("https://[::1]/u", "which is refused"),
])
def test_hostile_location(oakum, registry, tmp_path, where, message):  # noqa: F811
    server = registry(location=where)
    done = push(oakum, server, tmp_path / "in")
    assert done.returncode == 1 and message in done.stderr and not server.tagged and not server.blobs, done.stderr


@pytest.mark.parametrize("options", [(), ("--chunk", 1000000)])
def test_uploads_elsewhere_carry_no_credentials(oakum, registry, tmp_path, options):  # noqa: F811
    storage = registry(auth=None)
    server = registry(upload_host=f"http://localhost:{storage.server_port}")
    storage.sessions, storage.blobs = server.sessions, server.blobs
    done = push(oakum, server, tmp_path / "in", *options)
    assert done.returncode == 0 and is_pushed(server), done.stderr
    assert storage.requests("PUT") and not storage.secrets_seen() and not server.requests("PUT", "uploads")


@pytest.mark.parametrize("faults", [(), ("always-mount-error",), ("always-mount-ignored",), ("always-first-scope-only",)])
def test_mount(oakum, registry, tmp_path, faults):  # noqa: F811
    server = registry(*faults)
    for data in IMAGE[1]:
        server.blobs["other/base", digest(data)] = data
    done = push(oakum, server, tmp_path / "in", "--mount-from", "other/base")
    assert done.returncode == 0 and is_pushed(server), done.stderr
    assert bool(server.requests("PUT", "uploads")) == any("mount" in f for f in faults)


def test_what_is_there_is_not_sent_again(oakum, registry, tmp_path):  # noqa: F811
    server = registry()
    assert push(oakum, server, tmp_path / "in").returncode == 0
    sent = len(server.requests("POST", "uploads"))
    assert sent == len(IMAGE[1])
    assert push(oakum, server, tmp_path / "in", refs=("v2",)).returncode == 0
    assert len(server.requests("POST", "uploads")) == sent and is_pushed(server, tag="v2")


@pytest.mark.parametrize("api", [True, False])
def test_referrers(oakum, registry, tmp_path, api):  # noqa: F811
    server = registry(referrers_api=api)
    assert push(oakum, server, tmp_path / "in").returncode == 0
    made = [make_image(bytes([i]) * 100, subject=descriptor(MANIFEST, IMAGE[0]), artifactType=f"application/x.{i % 2}") for i in range(3)]
    for i, image in enumerate(made):
        done = push(oakum, server, tmp_path / f"r{i}", image=image, refs=(f"r{i}",))
        assert done.returncode == 0, done.stderr
    tag = digest(IMAGE[0]).replace(":", "-")
    assert (("team/app", tag) in server.manifests) != api
    ref = f"{server.address}/team/app@{digest(IMAGE[0])}"
    done = run(oakum, server, "referrers", ref)
    assert sorted(line.split()[0] for line in done.stdout.splitlines()) == sorted(digest(m) for m, _ in made), done.stderr
    done = run(oakum, server, "referrers", "--artifact-type", "application/x.1", ref)
    assert done.stdout == f"{digest(made[1][0])} application/x.1\n", done.stderr
    done = run(oakum, server, "referrers", f"{server.address}/team/app@{digest(b'none')}")
    assert done.returncode == 0 and done.stdout == ""
    if api:  # a next page at a stranger's is no page of ours
        other = registry()
        server.faults, server.elsewhere = ["foreign-link"], f"http://localhost:{other.server_port}/x"
        assert run(oakum, server, "referrers", ref).returncode == 0 and not other.log


def test_nondistributable_layers_stay_outside(oakum, registry, tmp_path):  # noqa: F811
    foreign = {"mediaType": "application/vnd.oci.image.layer.nondistributable.v1.tar", "digest": digest(b"far"), "size": 3, "urls": ["https://example.com/far"]}
    manifest, blobs = make_image(b"near")
    parsed = json.loads(manifest)
    parsed["layers"].append(foreign)
    server = registry()
    server.blobs["team/app", digest(b"far")] = b""  # this registry does not ask for it
    done = push(oakum, server, tmp_path / "in", image=(json.dumps(parsed).encode(), blobs))
    assert done.returncode == 0 and not server.requests("HEAD", digest(b"far")), done.stderr


@pytest.mark.parametrize("faults", [(), ("cut-body-PUT",), ("PUT-blobs-500", "blob-cut")])
def test_copy_from_one_to_another(oakum, registry, tmp_path, faults):  # noqa: F811
    """Through the sink: the bytes can be read only once, and still an upload can begin again."""
    source, target = registry("blob-cut", auth=None), registry(*faults, auth=None)
    source.add("team/app", "v1", *IMAGE)
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    copy = lambda: run(oakum, target, "copy", f"{source.address}/team/app:v1", f"{target.address}/team/app:v1", env={"TMPDIR": str(temporary)})
    done = copy()
    assert done.returncode == 0 and is_pushed(target), done.stderr
    assert not list(temporary.iterdir())
    # wrong bytes stay with us
    source.faults, target.blobs, target.manifests = ["always-blob-wrong"], {}, {}
    done = copy()
    assert done.returncode == 1 and "expected" in done.stderr and not target.blobs and not target.manifests and not list(temporary.iterdir()), done.stderr
