"""Third-party browser files: installed versions are compared, published names carry the content's hash."""

from __future__ import annotations

import json
from pathlib import Path

from devtools import assets
from devtools.paths import ROOT


def installed(folder: Path, versions: dict[str, str]) -> Path:
    packages = {f"node_modules/{name}": {"version": version} for name, version in versions.items()}
    folder.mkdir(exist_ok=True)
    (folder / ".package-lock.json").write_text(json.dumps({"packages": packages}))
    return folder


def test_modules_are_current_only_with_the_lock_files_versions(tmp_path: Path) -> None:
    lock = tmp_path / "package-lock.json"
    lock.write_text(json.dumps({"packages": {"": {}, "node_modules/htmx.org": {"version": "4.0.1"}}}))
    modules = tmp_path / "node_modules"
    assert not assets.modules_are_current(lock, modules)
    assert assets.modules_are_current(lock, installed(modules, {"htmx.org": "4.0.1"}))
    assert not assets.modules_are_current(lock, installed(modules, {"htmx.org": "4.0.0"}))
    assert not assets.modules_are_current(lock, installed(modules, {"htmx.org": "4.0.1", "left": "1"}))


def test_published_names_change_with_the_content_and_stale_ones_go(tmp_path: Path) -> None:
    modules, vendor = tmp_path / "node_modules", tmp_path / "vendor"
    for source in assets.FILES.values():
        (modules / source).parent.mkdir(parents=True, exist_ok=True)
        (modules / source).write_text(source)
    first = json.loads(assets.publish(modules, vendor).read_text())
    assert set(first) == set(assets.FILES)
    assert all((vendor / name).read_text() == assets.FILES[logical] for logical, name in first.items())
    (modules / assets.FILES["htmx.js"]).write_text("newer")
    second = json.loads(assets.publish(modules, vendor).read_text())
    assert second["htmx.js"] != first["htmx.js"] and second["chart.js"] == first["chart.js"]
    assert {file.name for file in vendor.iterdir()} == {*second.values(), "manifest.json"}


def test_npm_of_the_wheel_serves_where_there_is_none(monkeypatch) -> None:
    monkeypatch.setattr(assets.shutil, "which", lambda name: None)
    assert all(Path(part).exists() for part in assets.npm_command())


def test_the_lock_file_names_every_published_package() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    for source in assets.FILES.values():
        parts = source.split("/")
        name = "/".join(parts[:2]) if source.startswith("@") else parts[0]
        assert f"node_modules/{name}" in packages
