#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes everything that is made from the catalogue.

generate.py --cpp DIR     DIR/include/mitome/catalogue/{codes,word_ids}.hpp and DIR/tables.cpp
generate.py --docs DIR    DIR/failures.md and DIR/failures.ja.md
generate.py --check DIR   the same, compared with what is there; 1 if one differs

A row that breaks the shape of the catalogue stops it, with the file and the line. How the texts
must be written is checked by src/catalogue_test.cpp.
"""

import argparse
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
LICENCE = "// SPDX-License-Identifier: Apache-2.0\n"
MADE = "// Made by catalogue/generate.py.\n"

LANGUAGES = ["ja", "ja-easy", "en"]
EXITS = [0, 1, 2, 3, 4, 5, 6, 7, 64, 70]
SEVERITIES = ["notice", "warning", "failure"]
PARTS = ["what", "means", "next"]
PART_ID = re.compile(r"([A-Z]+)-([0-9]{3})\.(what|means|next)(\.cli)?")
WORD_ID = re.compile(r"[a-z0-9]+(\.[A-Za-z0-9_]+)+")
NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
PLACEHOLDER = re.compile(r"\{([a-z_]+)(?:\?([^|{}]*)\|([^|{}]*))?\}")


class Refused(Exception):
    """A row breaks the shape of the catalogue."""


def rows(name, columns):
    """The rows of a table under its heading, each with the place to name if it is refused."""
    path = HERE / name
    lines = path.read_text(encoding="utf-8").splitlines()
    if not lines or lines[0].split("\t") != columns:
        raise Refused(f"{name}:1: the heading must be {' '.join(columns)}")
    for number, line in enumerate(lines[1:], 2):
        cells = line.split("\t")
        if len(cells) != len(columns):
            raise Refused(f"{name}:{number}: {len(cells)} cells, not {len(columns)}")
        yield f"{name}:{number}", cells


class Failure:
    def __init__(self, place, code, variant, display, exit_code, severity):
        self.place = place
        self.code = code
        self.variant = variant
        self.enumerator = f"{code}_{variant}" if variant else code
        self.display = display
        self.area = display.split("-")[0]
        self.exit = int(exit_code)
        self.severity = severity


class Catalogue:
    def __init__(self):
        self.words = {}
        for place, (word, *texts) in rows("words.tsv", ["id"] + LANGUAGES):
            if word in self.words:
                raise Refused(f"{place}: {word} is there twice")
            if not PART_ID.fullmatch(word) and not WORD_ID.fullmatch(word):
                raise Refused(f"{place}: {word} is not an id")
            for text in texts:
                if not text or text != text.strip():
                    raise Refused(f"{place}: {word} has an empty text or a space at its edge")
                if re.search(r"[{}]", PLACEHOLDER.sub("", text)):
                    raise Refused(f"{place}: {word} has a brace that is no placeholder")
            self.words[word] = texts
        self.ids = sorted(self.words)
        self.index = {word: number for number, word in enumerate(self.ids)}
        self.areas = [word[len("area."):].upper()
                      for word in self.words if word.startswith("area.")]

        self.failures = []
        columns = ["code", "variant", "display", "exit", "severity"]
        for place, cells in rows("failures.tsv", columns):
            self.failures.append(self.failure(place, *cells))
        self.refuse_gaps()

        self.readings = []
        for place, (word, reading) in rows("furigana.tsv", ["word", "reading"]):
            if not word or not reading or word in (known for known, _ in self.readings):
                raise Refused(f"{place}: empty, or there twice")
            self.readings.append((word, reading))
        self.readings.sort(key=lambda row: (-len(row[0]), row[0]))

    def failure(self, place, code, variant, display, exit_code, severity):
        if not NAME.fullmatch(code) or (variant and not NAME.fullmatch(variant)):
            raise Refused(f"{place}: {code} {variant} is not a name")
        if exit_code not in map(str, EXITS):
            raise Refused(f"{place}: {exit_code} is not an exit code of the contract")
        if severity not in SEVERITIES:
            raise Refused(f"{place}: {severity} is not a severity")
        row = Failure(place, code, variant, display, exit_code, severity)
        if variant:
            bare = [known for known in self.failures if known.code == code and not known.variant]
            if not bare or bare[0].exit != row.exit:
                raise Refused(f"{place}: a variant follows its code and has its exit code")
        for known in self.failures:
            if known.enumerator == row.enumerator or known.display == display:
                raise Refused(f"{place}: {row.enumerator} or {display} is there twice")
        if row.area not in self.areas:
            raise Refused(f"{place}: there is no word area.{row.area.lower()}")
        for part in PARTS:
            if f"{display}.{part}" not in self.words:
                raise Refused(f"{place}: words.tsv has no {display}.{part}")
        return row

    def refuse_gaps(self):
        displays = {row.display for row in self.failures}
        for word in self.words:
            part = PART_ID.fullmatch(word)
            if part and f"{part[1]}-{part[2]}" not in displays:
                raise Refused(f"words.tsv: {word} belongs to no row of failures.tsv")
            if word.endswith(".cli") and word[:-len(".cli")] not in self.words:
                raise Refused(f"words.tsv: {word} stands alone")


def literal(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def codes_header(catalogue):
    lines = [LICENCE, "#pragma once\n", MADE, "\n#include <array>\n#include <cstdint>\n",
             "\nnamespace mitome::catalogue {\n\n",
             "/// One row of catalogue/failures.tsv. The number behind a name is not a promise.\n",
             "enum class Code : std::uint16_t {\n"]
    for row in catalogue.failures:
        note = f'"{row.code}", ' if row.variant else ""
        lines.append(f"    {row.enumerator},  ///< {note}{row.display}, exit {row.exit}\n")
    lines.append("};\n\n/// All of them.\n")
    lines.append(f"inline constexpr std::array<Code, {len(catalogue.failures)}> codes{{{{\n")
    lines += [f"    Code::{row.enumerator},\n" for row in catalogue.failures]
    lines.append("}};\n\n}  // namespace mitome::catalogue\n")
    return "".join(lines)


def ids_header(catalogue):
    lines = [LICENCE, "#pragma once\n", MADE, "\n#include <array>\n#include <string_view>\n",
             "\nnamespace mitome::catalogue {\n\n",
             "/// The id of every row of catalogue/words.tsv, in order.\n",
             f"inline constexpr std::array<std::string_view, {len(catalogue.ids)}> word_ids{{{{\n"]
    lines += [f"    {literal(word)},\n" for word in catalogue.ids]
    lines.append("}};\n\n}  // namespace mitome::catalogue\n")
    return "".join(lines)


def tables_source(catalogue):
    def part(row, name):
        return str(catalogue.index[name]) if name in catalogue.index else "none"

    lines = [LICENCE, MADE, '#include "tables.hpp"\n', "\n#include <array>\n",
             "\nnamespace mitome::catalogue::tables {\n", "namespace {\n",
             f"\nconstexpr std::array<Texts, {len(catalogue.ids)}> text_rows{{{{\n"]
    for word in catalogue.ids:
        ja, easy, en = map(literal, catalogue.words[word])
        lines.append(f"    {{{ja}, {easy}, {en}}},\n")
    lines.append("}};\n")
    count = len(catalogue.failures)
    lines.append(f"\nconstexpr std::array<FailureRow, {count}> failure_rows{{{{\n")
    for row in catalogue.failures:
        parts = [part(row, f"{row.display}.{name}{form}") for name in PARTS
                 for form in ("", ".cli")]
        lines.append(
            f"    {{{{{literal(row.code)}, {literal(row.display)}, {row.exit}, "
            f"Severity::{row.severity}}}, {literal(row.variant)},\n"
            f"     {{{', '.join(parts[0:2])}}}, {{{', '.join(parts[2:4])}}}, "
            f"{{{', '.join(parts[4:6])}}}}},\n")
    lines.append("}};\n")
    lines.append(f"\nconstexpr std::array<Reading, {len(catalogue.readings)}> reading_rows{{{{\n")
    lines += [f"    {{{literal(word)}, {literal(reading)}}},\n"
              for word, reading in catalogue.readings]
    lines.append("}};\n\n}  // namespace\n\n")
    lines.append("std::span<const Texts> texts() { return text_rows; }\n")
    lines.append("std::span<const FailureRow> failures() { return failure_rows; }\n")
    lines.append("std::span<const Reading> readings() { return reading_rows; }\n")
    lines.append("\n}  // namespace mitome::catalogue::tables\n")
    return "".join(lines)


def page(catalogue, language):
    """One documentation page, in Japanese or English."""
    column = LANGUAGES.index(language)

    def plain(word):
        return PLACEHOLDER.sub(lambda found: found[3] if found[3] is not None else found[0],
                               catalogue.words[word][column])

    def cell(row, part):
        text = plain(f"{row.display}.{part}")
        if f"{row.display}.{part}.cli" in catalogue.words:
            terminal = plain(f"{row.display}.{part}.cli")
            if terminal != text:
                text += f"<br>{plain('doc.terminal')}: {terminal}"
        return text.replace("|", "\\|")

    other = "[English](failures.md)" if language == "ja" else "[日本語](failures.ja.md)"
    lines = [f"# {plain('doc.title')}", "", other, "", plain("doc.lead"),
             plain("doc.machine"), "",
             f"| {plain('doc.column.exit')} | {plain('doc.column.means')} |", "|---|---|"]
    lines += [f"| {code} | {plain(f'exit.{code}')} |" for code in EXITS]
    heading = " | ".join(plain(f"doc.column.{name}")
                         for name in ("code", "exit", "what", "means", "next"))
    for area in catalogue.areas:
        found = sorted((row for row in catalogue.failures if row.area == area),
                       key=lambda row: row.display)
        if not found:
            continue
        lines += ["", f"## {area} — {plain(f'area.{area.lower()}')}", "",
                  f"| {heading} |", "|---|---|---|---|---|"]
        for row in found:
            texts = " | ".join(cell(row, part) for part in PARTS)
            lines.append(f"| {row.display}<br>`{row.code}` | {row.exit} | {texts} |")
    return "\n".join(lines) + "\n"


def pages(catalogue):
    return {"failures.md": page(catalogue, "en"), "failures.ja.md": page(catalogue, "ja")}


def write(path, text):
    """Leaves an equal file alone, so that nothing is compiled again for it."""
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description="Makes code and pages from the catalogue.")
    parser.add_argument("--cpp", metavar="DIR", type=pathlib.Path)
    parser.add_argument("--docs", metavar="DIR", type=pathlib.Path)
    parser.add_argument("--check", metavar="DIR", type=pathlib.Path)
    wanted = parser.parse_args()
    try:
        catalogue = Catalogue()
    except Refused as refused:
        print(f"generate.py: {refused}", file=sys.stderr)
        return 1
    if wanted.cpp:
        headers = wanted.cpp / "include" / "mitome" / "catalogue"
        write(headers / "codes.hpp", codes_header(catalogue))
        write(headers / "word_ids.hpp", ids_header(catalogue))
        write(wanted.cpp / "tables.cpp", tables_source(catalogue))
    if wanted.docs:
        for name, text in pages(catalogue).items():
            write(wanted.docs / name, text)
    stale = 0
    if wanted.check:
        for name, text in pages(catalogue).items():
            path = wanted.check / name
            if not path.exists() or path.read_text(encoding="utf-8") != text:
                print(f"generate.py: docs/{name} is not what the catalogue says; run "
                      "python3 catalogue/generate.py --docs docs", file=sys.stderr)
                stale = 1
    return stale


if __name__ == "__main__":
    sys.exit(main())
