"""Colours of the page, from one accent: whether it can be read, and its relatives for a dark screen.

Contrast is that of WCAG 2.2 (https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio). The style has the same backgrounds.
"""

LEAST_CONTRAST = 4.5
_COMFORTABLE_CONTRAST = 7.0

_LIGHT = ("#f7f5f0", "#ffffff")
_DARK = ("#12181b", "#1b2327")
_STEPS = 20


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, from 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def contrast_on_page(accent: str) -> float:
    """Return the least contrast that *accent* has on a light page: as a link, and as a button under white words."""
    return min(contrast(accent, background) for background in (*_LIGHT, _tint(accent)))


def theme(accent: str) -> str:
    """Return the style that gives the pages *accent*, with a light relative of it for a dark screen."""
    shades = (mixed(accent, "#ffffff", step / _STEPS) for step in range(_STEPS + 1))
    dark = next(shade for shade in shades if min(contrast(shade, one) for one in _DARK) >= _COMFORTABLE_CONTRAST)
    light_rules = (
        f"--accent: {accent}; --accent-strong: {mixed(accent, '#000000', 0.3)}; "
        f"--on-accent: #fff; --tint: {_tint(accent)};"
    )
    dark_rules = (
        f"--accent: {dark}; --accent-strong: {mixed(dark, '#ffffff', 0.4)}; "
        f"--on-accent: {mixed(accent, '#000000', 0.8)}; --tint: {mixed(_DARK[1], dark, 0.12)};"
    )
    return f":root {{ {light_rules} }}\n@media (prefers-color-scheme: dark) {{ :root {{ {dark_rules} }} }}\n"


def mixed(colour: str, other: str, share: float) -> str:
    """Return *colour* with a share of *other*."""
    pairs = zip(_channels(colour), _channels(other), strict=True)
    return "#" + "".join(f"{round(one + (two - one) * share):02x}" for one, two in pairs)


def _tint(accent: str) -> str:
    return mixed("#ffffff", accent, 0.09)


def _channels(colour: str) -> list[int]:
    return [int(colour[at : at + 2], 16) for at in (1, 3, 5)]


def _luminance(colour: str) -> float:
    linear = [
        share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4
        for share in (channel / 255 for channel in _channels(colour))
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
