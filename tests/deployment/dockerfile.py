"""As much of the Dockerfile's language as NIJA's own uses: stages, and instructions with their arguments."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Instruction:
    keyword: str
    text: str

    @property
    def flags(self) -> dict[str, str]:
        """`--from=build` and the like, at the front."""
        flags = [word[2:].partition("=") for word in self.text.split() if word.startswith("--")]
        return {name: value for name, _, value in flags}

    @property
    def words(self) -> list[str]:
        """The arguments without flags; those of the exec form where it is one."""
        text = self.text
        while text.startswith("--"):
            text = text.partition(" ")[2].lstrip()
        if text.startswith("["):
            return [str(word) for word in json.loads(text)]
        return shlex.split(text)

    @property
    def is_exec_form(self) -> bool:
        return self.text.startswith("[") and self.text.endswith("]")


@dataclass(frozen=True, slots=True)
class Stage:
    """Each stage begins with FROM; `name` is what AS calls it."""

    base: str
    name: str
    instructions: tuple[Instruction, ...]

    def all(self, keyword: str) -> list[Instruction]:
        return [one for one in self.instructions if one.keyword == keyword]

    def last(self, keyword: str) -> Instruction:
        return self.all(keyword)[-1]

    @property
    def health_command(self) -> Instruction:
        return Instruction("CMD", self.last("HEALTHCHECK").text.partition("CMD ")[2])

    @property
    def environment(self) -> dict[str, str]:
        """What ENV sets; a reference to an earlier value stays as it is written."""
        pairs = (word.partition("=") for one in self.all("ENV") for word in one.words)
        return {name: value for name, _, value in pairs}


def stages(text: str) -> list[Stage]:
    found: list[Stage] = []
    for instruction in _instructions(text):
        if instruction.keyword == "FROM":
            base, _, name = instruction.text.partition(" AS ")
            found.append(Stage(base.strip(), name.strip(), ()))
        else:
            last = found[-1]
            found[-1] = Stage(last.base, last.name, (*last.instructions, instruction))
    return found


def _instructions(text: str) -> list[Instruction]:
    lines = (line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#"))
    joined = "\n".join(lines).replace("\\\n", " ")
    parts = (line.strip().partition(" ") for line in joined.splitlines())
    return [Instruction(keyword.upper(), " ".join(rest.split())) for keyword, _, rest in parts]


def is_sent(path: str, ignore: str) -> bool:
    """Whether `.dockerignore` lets a file into the build. The last line that fits decides."""
    sent = True
    for line in ignore.splitlines():
        pattern = line.strip()
        if pattern and not pattern.startswith("#") and _fits(path, pattern.removeprefix("!")):
            sent = pattern.startswith("!")
    return sent


def _fits(path: str, pattern: str) -> bool:
    """Whether the pattern names the file or a folder it lies in."""
    parts = path.split("/")
    if pattern.startswith("**/"):
        return any(fnmatchcase(part, pattern.removeprefix("**/")) for part in parts)
    wanted = pattern.split("/")
    return len(wanted) <= len(parts) and all(map(fnmatchcase, parts, wanted))
