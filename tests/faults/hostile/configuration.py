"""Rules, tables and models that mean harm; each says where and why it is refused."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from .models import manifest_traps, model_traps
from .trap import Trap

SOUND_RULE = 'rule: sample\noutputs:\n  - {name: "{stem}.png"}\n'
GRADED_RULE = SOUND_RULE.replace("\n", "\nsteps:\n  - grade: {lut: t.cube}\n", 1)
SOUND_TABLE = "LUT_1D_SIZE 2\n0 0 0\n1 1 1\n"


def traps() -> Iterator[Trap]:
    """Yield every trap."""
    for make in (
        _yaml_traps,
        _template_traps,
        _table_traps,
        manifest_traps,
        model_traps,
    ):
        yield from make()


_LAUGHS = "a: &a [x, x]\n" + "".join(
    f"{c}: &{c} [*{p}, *{p}]\n" for p, c in zip("abcdef", "bcdefg", strict=True)
)

_YAML: dict[str, tuple[str | bytes, int, str]] = {
    "laughs": (_LAUGHS, 1, "anchor"),
    "alias": ("rule: *x\n", 1, "alias"),
    "merge": ("rule: sample\n<<: {a: 1}\n", 2, "merge"),
    "tag": ("rule: !!str sample\n", 1, "tag"),
    "object": ("rule: !!python/object/apply:os.system ['touch pwned']\n", 1, "tag"),
    "local-tag": ("rule: !evil x\n", 1, "tag"),
    "deep-flow": ("rule: sample\nmatch: " + "[" * 5000, 2, "deeper"),
    "deep-block": ("\n".join(" " * n + "a:" for n in range(300)), 21, "deeper"),
    "deep-maps": ("a: " + "{a: " * 3000, 1, "deeper"),
    "long": (SOUND_RULE + "#" * 300_000, 0, "longer than"),
    "twice": (SOUND_RULE + "rule: other\n", 4, "twice"),
    "second": (SOUND_RULE + "---\n" + SOUND_RULE, 0, "second document"),
    "group-key": ("? [a, b]\n: c\n", 1, "key"),
    "not-text": (b"rule: sample\ngoal: \xff\xfe\n", 0, "read"),
    "escape": ("rule: sample\ngoal: \x1b[2J\n", 2, "YAML"),
    "zero": ("rule: sample\ngoal: a\0b\n", 2, "YAML"),
    "cut": ('rule: "sample\n', 0, "YAML"),
    "tabs": ("rule: sample\n\toutputs: x\n", 2, "YAML"),
    "list": ("- rule\n", 1, "not a rule"),
    "empty": ("", 1, "not a rule"),
    "number": (SOUND_RULE.replace("sample", "1" * 5000), 1, "rule"),
    "other-name": (SOUND_RULE.replace("sample", "../../etc/x"), 1, "rule"),
    "unknown-key": (SOUND_RULE + "run: touch pwned\n", 4, "run"),
    "terminal-key": (SOUND_RULE + '"\\e]0;pwned\\a\\u202e": 1\n', 4, "unknown"),
    "unknown-step": (
        SOUND_RULE + "steps:\n  - shell: touch pwned\n",
        5,
        "unknown step",
    ),
    "two-words": (
        SOUND_RULE + "steps:\n  - {flatten: {}, pad: {}}\n",
        5,
        "exactly one",
    ),
    "no-outputs": ("rule: sample\noutputs: []\n", 2, "outputs"),
    "infinite": (SOUND_RULE + "sidecar: {wait: .inf}\n", 4, "wait"),
    "huge-wait": (SOUND_RULE + "sidecar: {wait: 1e999}\n", 4, "wait"),
    "quality": (
        'rule: sample\noutputs:\n  - {name: "{stem}.png", quality: 1e9}\n',
        3,
        "quality",
    ),
    "edge": (SOUND_RULE + "steps:\n  - resize: {long_edge: -1}\n", 5, "long_edge"),
}
"""By name: text, line of the complaint (0: any), its words."""


def _yaml_traps() -> Iterator[Trap]:
    for name, (text, line, words) in _YAML.items():
        content = text if isinstance(text, bytes) else text.encode()
        place = f"sample.yaml:{line}: " if line else "sample.yaml"
        yield Trap(
            f"yaml-{name}",
            lambda folder, content=content: (folder / "rules/sample.yaml").write_bytes(
                content
            ),
            place,
            words,
        )


def _template_traps() -> Iterator[Trap]:
    templates = {
        "climb": "../{stem}.png",
        "climb-inside": "a/../../{stem}.png",
        "absolute": "/etc/{stem}.png",
        "attribute": "{stem.__class__}.png",
        "index": "{stem[0]}.png",
        "conversion": "{stem!r}.png",
        "width": "{stem:>999999999}.png",
        "unknown": "{secret}.png",
        "brace": "{stem.png",
        "nested": "{{stem}}.png",
        "hidden": ".{stem}.png",
        "hidden-folder": ".retouchd/{stem}.png",
        "empty-part": "a//{stem}.png",
        "backslash": "a\\\\{stem}.png",
        "control": "\\x1b[2J{stem}.png",
        "zero": "{stem}\\0.png",
        "direction": "{stem}\\u202egpj.png",
        "separator": "{stem}\\u2028.png",
        "program": "{stem}.exe",
        "no-ending": "{stem}",
    }
    for word, template in templates.items():
        text = f'rule: sample\noutputs:\n  - {{name: "{template}"}}\n'
        yield Trap(
            f"template-{word}",
            lambda folder, text=text: (folder / "rules/sample.yaml").write_text(text),
            "sample.yaml:3: ",
            "outputs[0].name",
        )


def _table_traps() -> Iterator[Trap]:
    tables: dict[str, tuple[str | bytes, str]] = {
        "empty": ("", "no LUT_1D_SIZE"),
        "few": ("LUT_1D_SIZE 3\n0 0 0\n", "ends after"),
        "many": (SOUND_TABLE + "1 1 1\n", "more values"),
        "huge": ("LUT_3D_SIZE 100000\n", "LUT_3D_SIZE"),
        "negative": ("LUT_3D_SIZE -2\n", "LUT_3D_SIZE"),
        "digits": ("LUT_3D_SIZE " + "9" * 3000 + "\n", "LUT_3D_SIZE"),
        "long-line": ("TITLE " + "x" * 100_000 + "\n", "characters"),
        "nan": (SOUND_TABLE.replace("1 1 1", "nan 1 1"), "range"),
        "infinite": (SOUND_TABLE.replace("1 1 1", "1e999 1 1"), "range"),
        "words": (SOUND_TABLE.replace("1 1 1", "1 \x1b[2J 1"), "number"),
        "upside-down": ("DOMAIN_MIN 1 1 1\nDOMAIN_MAX 0 0 0\n" + SOUND_TABLE, "domain"),
        "binary": (SOUND_TABLE.encode() + b"\0", "binary"),
        "two-sizes": ("LUT_1D_SIZE 2\nLUT_3D_SIZE 2\n", "second"),
        "blank": ("\n" * 3_100_000, "more lines"),
    }
    for word, (table, words) in tables.items():
        content = table if isinstance(table, bytes) else table.encode()

        def write(folder: Path, content: bytes = content) -> None:
            (folder / "rules/t.cube").write_bytes(content)
            (folder / "rules/sample.yaml").write_text(GRADED_RULE)

        yield Trap(f"table-{word}", write, "t.cube", words)

    def pipe(folder: Path) -> None:
        os.mkfifo(folder / "rules/t.cube")
        (folder / "rules/sample.yaml").write_text(GRADED_RULE)

    yield Trap("table-pipe", pipe, "sample.yaml:3: ", "no such file")
