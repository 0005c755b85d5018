"""A terminal's screen as an SVG picture."""

from xml.sax.saxutils import escape

CELL_WIDTH, CELL_HEIGHT, FONT_SIZE = 8.6, 19, 14.2
MARGIN, TITLE_HEIGHT = 16, 34
FONT = "ui-monospace,'DejaVu Sans Mono','Cascadia Mono',Menlo,Consolas,monospace"
BACKGROUND, FOREGROUND, FAINT, STRONG = "#11161c", "#cfd6dd", "#8793a0", "#ffffff"
SELECTED = "#d5dce4"
# Told apart by brightness too, and by people who do not see red and green.
COLOURS = {"red": "#ff8f6b", "green": "#57c7a3", "brown": "#f2c14e", "yellow": "#f2c14e",
           "blue": "#6aa9ff", "cyan": "#62b9f2", "magenta": "#d79be8"}


def colour_of(cell):
    if cell.reverse:
        return BACKGROUND
    if cell.fg in COLOURS:
        return COLOURS[cell.fg]
    # terminal_screen.py keeps faint text as italic.
    return STRONG if cell.bold else FAINT if cell.italics else FOREGROUND


def drawn_character(character, x, y, colour):
    """Blocks and lines as shapes: fonts leave gaps between them."""
    if character == "█":
        return (f'<rect x="{x:.1f}" y="{y + 4:.1f}" width="{CELL_WIDTH + 0.2:.1f}" '
                f'height="{CELL_HEIGHT - 8}" fill="{colour}"/>')
    return (f'<rect x="{x:.1f}" y="{y + CELL_HEIGHT / 2 - 1:.1f}" '
            f'width="{CELL_WIDTH + 0.2:.1f}" height="2" fill="{colour}" opacity="0.55"/>')


def pieces(line, columns):
    """Runs of cells that look the same: (column, text, cell, whether it is a shape)."""
    runs = []
    for column in range(columns):
        cell = line[column]
        if cell.data == "":
            continue
        shape = cell.data in "█─"
        same = runs and not shape and not runs[-1][3] and \
            runs[-1][2]._replace(data="") == cell._replace(data="") and \
            runs[-1][0] + len(runs[-1][1]) == column
        if same:
            runs[-1] = (runs[-1][0], runs[-1][1] + cell.data, runs[-1][2], False)
        else:
            runs.append((column, cell.data, cell, shape))
    return runs


def picture(screen, title):
    """The lines of the screen up to the last one that is not empty."""
    used = [y for y in range(screen.lines) if screen.display[y].strip()]
    lines = max(used, default=0) + 1
    width = MARGIN * 2 + screen.columns * CELL_WIDTH
    height = TITLE_HEIGHT + lines * CELL_HEIGHT + MARGIN
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
           f'width="{width:.0f}" height="{height:.0f}" font-family="{FONT}" '
           f'font-size="{FONT_SIZE}" role="img">',
           f"<title>{escape(title)}</title>",
           f'<rect width="100%" height="100%" rx="9" fill="{BACKGROUND}"/>']
    for number in range(3):
        out.append(f'<circle cx="{20 + number * 17}" cy="17" r="5" fill="#5b6672"/>')
    out.append(f'<text x="{width / 2:.0f}" y="22" fill="{FAINT}" text-anchor="middle" '
               f'font-size="12.5">{escape(title)}</text>')
    for y in range(lines):
        top = TITLE_HEIGHT + y * CELL_HEIGHT
        line = screen.buffer[y]
        if any(line[x].reverse for x in range(screen.columns)):
            out.append(f'<rect x="{MARGIN - 6}" y="{top}" rx="3" height="{CELL_HEIGHT}" '
                       f'width="{screen.columns * CELL_WIDTH + 12:.1f}" fill="{SELECTED}"/>')
        for column, text, cell, shape in pieces(line, screen.columns):
            if not text.strip():
                continue
            x = MARGIN + column * CELL_WIDTH
            colour = colour_of(cell)
            if shape:
                out.append(drawn_character(text, x, top, colour))
                continue
            text, x = text.rstrip(), x + (len(text) - len(text.lstrip())) * CELL_WIDTH
            text = text.lstrip()
            weight = ' font-weight="600"' if cell.bold else ""
            out.append(f'<text x="{x:.1f}" y="{top + 14}" fill="{colour}"{weight} '
                       f'textLength="{len(text) * CELL_WIDTH:.1f}" xml:space="preserve">'
                       f"{escape(text)}</text>")
    out.append("</svg>\n")
    return "\n".join(out)
