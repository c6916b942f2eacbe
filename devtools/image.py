"""`python -m devtools.image`: runs the Dockerfile's steps one by one where no container engine is at hand.

Each stage has a folder in place of its root. COPY copies there, from what `.dockerignore` lets through or from
another stage; RUN runs in a shell with the stage's paths moved below its folder; at the end the image's CMD
is started from what was copied alone. Base images cannot be had without an engine: this machine's Python, Node and
shell stand in for theirs, and `apt-get` and `useradd`, which change a system, are noted and not run.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from devtools import dockerfile
from devtools.dockerfile import Ignored, Instruction, Stage
from devtools.paths import ROOT
from devtools.steps import step

SYSTEM = ("apt-get", "useradd")


class StepFailed(RuntimeError):
    """A step of the Dockerfile does not work; the message names its line."""


@dataclass
class Built:
    """What the steps have left of one stage."""

    stage: Stage
    root: Path
    folder: str = "/"
    user: str = "root"
    environment: dict[str, str] = field(default_factory=dict)
    system: list[str] = field(default_factory=list)

    def inside(self, path: str) -> Path:
        """Where a path of the image lies on this machine."""
        whole = path if path.startswith("/") else f"{self.folder}/{path}"
        return self.root / whole.strip("/")


Run = Callable[[Built, str], bool]


def run_nothing_else(_built: Built, _command: str) -> bool:
    """No stand-ins: every command is run."""
    return False


class Builder:
    """Runs all stages below `folder`.

    Args:
        stand_in: called with each RUN command first; answers True when it has done the command's work itself.
    """

    def __init__(self, context: Path, folder: Path, *, stand_in: Run = run_nothing_else) -> None:
        self.context, self.folder, self.stand_in = context, folder, stand_in
        self.ignored = Ignored((context / ".dockerignore").read_text())
        self.done: dict[str, Built] = {}

    def build(self) -> Built:
        """Run every step; answers the last stage. Raises StepFailed."""
        built = None
        for number, stage in enumerate(dockerfile.stages((self.context / "Dockerfile").read_text())):
            name = stage.name or str(number)
            built = Built(stage, self.folder / name)
            built.root.mkdir(parents=True)
            self.done[name] = built
            for instruction in stage.instructions:
                self._step(built, instruction)
        assert built is not None
        return built

    def _step(self, built: Built, one: Instruction) -> None:
        if one.name == "WORKDIR":
            built.folder = one.text
            built.inside(one.text).mkdir(parents=True, exist_ok=True)
        elif one.name == "USER":
            built.user = one.text
        elif one.name == "ENV":
            built.environment |= dockerfile.environment(one.text)
        elif one.name in ("COPY", "RUN"):
            with step(f"line {one.line}: {one.name} {one.text[:70]}"):
                (self._copy if one.name == "COPY" else self._run)(built, one)

    def _copy(self, built: Built, one: Instruction) -> None:
        asked = dockerfile.copy(one.text)
        for source in asked.sources:
            origin = self.done[asked.stage].inside(source) if asked.stage else self.context / source
            if not origin.exists() or (not asked.stage and Path(source) in self.ignored):
                raise StepFailed(f"line {one.line}: there is no {source} to copy")
            target = built.inside(asked.target)
            if origin.is_symlink():
                target.parent.mkdir(parents=True, exist_ok=True)
                target.symlink_to(origin.readlink())
            elif origin.is_dir():
                self._tree(origin, target, filtered=not asked.stage)
            elif asked.target.endswith("/"):
                target.mkdir(parents=True, exist_ok=True)
                shutil.copy2(origin, target / origin.name)
            else:
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(origin, target)

    def _tree(self, origin: Path, target: Path, *, filtered: bool) -> None:
        def leave_out(folder: str, names: list[str]) -> list[str]:
            here = Path(folder).relative_to(self.context)
            return [name for name in names if here / name in self.ignored]

        ignore = leave_out if filtered else None
        shutil.copytree(origin, target, symlinks=True, dirs_exist_ok=True, ignore=ignore)

    def _run(self, built: Built, one: Instruction) -> None:
        commands = [part.strip() for part in one.text.split("&&")]
        own = [command for command in commands if command.split()[0] not in SYSTEM]
        built.system += [command for command in commands if command not in own]
        if len(own) < len(commands):
            return  # what follows it in the same step cleans up after it
        if not self.stand_in(built, one.text):
            done = subprocess.run(
                ["sh", "-euc", moved(built, one.text)],
                cwd=built.inside("."),
                env=environment(built),
                capture_output=True,
                text=True,
            )
            if done.returncode:
                raise StepFailed(f"line {one.line}: {one.text}\n{done.stdout}{done.stderr}")


def moved(built: Built, command: str) -> str:
    """The command with the image's absolute paths below the stage's folder."""
    return re.sub(r"(?<![\w.:/$-])/(opt|src|srv)\b", lambda found: f"{built.root}{found[0]}", command)


def environment(built: Built) -> dict[str, str]:
    """The environment of a command: the stage's own, its paths moved, and this machine's PATH behind it."""
    outer = {
        name: os.environ[name] for name in os.environ if name.startswith(("PIP_", "NPM_", "npm_", "SSL_"))
    }
    own = {name: moved(built, value) for name, value in built.environment.items()}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    own["PATH"] = own.get("PATH", "$PATH").replace("$PATH", path)
    return {**outer, "HOME": "/tmp", **own}


def main() -> int:
    """Run every step for real (minutes: it installs all of requirements.txt); exit status 0 when all work."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            built = Builder(ROOT, Path(folder)).build()
        except StepFailed as problem:
            print(problem, file=sys.stderr)
            return 1
        check = [
            shutil.which("python", path=environment(built)["PATH"]) or "python",
            "-c",
            "import app.cli, app.jobs.schedule",
        ]
        done = subprocess.run(check, cwd=built.inside("."), env=environment(built))
        size = sum(file.stat().st_size for file in built.root.rglob("*") if file.is_file())
        print(f"The image's own files: {size / 1e6:.0f} MB. Not run here: {'; '.join(built.system)}.")
        return done.returncode


if __name__ == "__main__":
    sys.exit(main())
