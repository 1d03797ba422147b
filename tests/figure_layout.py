"""Find words of a drawn figure that are cut by its rim or lie over each other."""

from itertools import combinations

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text


def drawn(figure: Figure) -> Figure:
    """Lay a figure out; a layout that fails is a warning, and so an error."""
    FigureCanvasAgg(figure).draw()
    return figure


def words(figure: Figure) -> list[Text]:
    """Return the titles, labels, legends and notes of a figure; ticks apart."""
    ticks = {
        text
        for ax in figure.axes
        for axis in (ax.xaxis, ax.yaxis)
        for text in axis.findobj(Text)
        if text is not axis.label
    }
    shown = [
        text
        for text in figure.findobj(Text)
        if text not in ticks and text.get_visible() and text.get_text()
    ]
    return list(dict.fromkeys(shown))


def cut(figure: Figure) -> list[str]:
    """Return the words that reach over the rim of a figure."""
    rim = figure.bbox
    boxes = {text: Text.get_window_extent(text) for text in words(figure)}
    return [
        text.get_text()
        for text, box in boxes.items()
        if min(box.x0, box.y0) < 0 or box.x1 > rim.x1 or box.y1 > rim.y1
    ]


def overlapping(texts: list[Text]) -> list[tuple[str, str]]:
    """Return the pairs of words that lie over each other."""
    boxes = [(text.get_text(), Text.get_window_extent(text)) for text in texts]
    return [
        (one, other)
        for (one, box), (other, second) in combinations(boxes, 2)
        if box.overlaps(second)
    ]
