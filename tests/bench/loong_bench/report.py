"""What was measured, as a table, as JSON, and as a picture."""

import dataclasses
import html
import json


@dataclasses.dataclass
class Row:
    """One figure and what it is held against. `ratio` is ours by theirs; it has to stay below
    `target`, or above it where `at_least`."""

    what: str
    ours: str
    beside: str
    theirs: str
    ratio: float
    target: float
    at_least: bool = False
    spreads: dict = dataclasses.field(default_factory=dict)

    @property
    def reached(self):
        return self.ratio >= self.target if self.at_least else self.ratio <= self.target

    @property
    def used(self):
        """The share of what the target allows; more than 1 is short of it."""
        if self.target == 0:
            return 0 if self.reached else 2
        return self.target / self.ratio if self.at_least else self.ratio / self.target

    @property
    def verdict(self):
        return "pass" if self.reached else "short"

    @property
    def target_text(self):
        return f"{'≥' if self.at_least else '≤'} {self.target:g}"


def time_text(seconds):
    if seconds < 1:
        return f"{seconds * 1e3:.2f} ms"
    return f"{seconds:.2f} s"


def print_table(rows, out):
    titles = ("what", "loong", "beside", "", "ratio", "target", "")
    cells = [titles] + [(row.what, row.ours, row.beside, row.theirs, f"{row.ratio:.2f}",
                         row.target_text, row.verdict) for row in rows]
    widths = [max(len(line[column]) for line in cells) for column in range(len(titles))]
    for line in cells:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip(), file=out)


def write_json(rows, growth, profile, machine, path):
    with open(path, "w", encoding="utf-8") as file:
        json.dump({
            "machine": machine,
            "rows": [dict(dataclasses.asdict(row), reached=row.reached) for row in rows],
            "growth": growth,
            "profile": profile,
        }, file, indent=1)
        file.write("\n")


def write_picture(rows, path):
    """A bar a row, as long as the share of the target that is used up; the line is the target."""
    height, left, width = 22, 430, 420
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + width + 110}" '
             f'height="{height * (len(rows) + 1) + 10}" font-family="sans-serif" font-size="12">',
             '<rect width="100%" height="100%" fill="#ffffff"/>']
    limit = left + width / 2
    for place, row in enumerate(rows):
        top = 8 + place * height
        length = min(row.used, 2) * width / 2
        # Blue and orange differ for everybody; the word beside says it as well.
        colour = "#0072b2" if row.reached else "#d55e00"
        lines.append(f'<text x="{left - 8}" y="{top + 14}" text-anchor="end">'
                     f'{html.escape(row.what)} : {html.escape(row.beside)}</text>')
        lines.append(f'<rect x="{left}" y="{top + 2}" width="{length:.1f}" height="{height - 6}" '
                     f'fill="{colour}"/>')
        lines.append(f'<text x="{left + width + 8}" y="{top + 14}">{row.ratio:.2f} '
                     f'({row.target_text}) {row.verdict}</text>')
    bottom = 8 + len(rows) * height
    lines.append(f'<line x1="{limit}" y1="4" x2="{limit}" y2="{bottom}" stroke="#000000" '
                 'stroke-dasharray="4 3"/>')
    lines.append(f'<text x="{limit}" y="{bottom + 14}" text-anchor="middle">target</text></svg>')
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
