"""The panel "Plan" in headless Chromium: at every width, and in both themes."""

from __future__ import annotations

import pytest

from tests.playground.chromium import Tab, executable
from tests.playground.plan_panel import (
    WATERFALL,
    Planned,
    shown,
)

pytestmark = pytest.mark.skipif(executable() is None, reason="there is no Chromium (apt install chromium)")


async def test_nothing_sticks_out_of_a_narrow_panel(planned: Planned, chromium: Tab):
    """However narrow the window, every text and bar stays within the panel."""
    await shown(chromium, planned)
    found = {}
    for width in (1360, 390, 320):
        await chromium.send(
            "Emulation.setDeviceMetricsOverride", width=width, height=860, deviceScaleFactor=1, mobile=False
        )
        found[width] = await chromium.evaluate(
            "(() => { const { right, width } = document.querySelector('.stolon-plan').getBoundingClientRect();"
            " return [width < 400, [...document.querySelectorAll('.stolon-plan *')].filter((one) =>"
            " one.getBoundingClientRect().right > right + 1).map((one) => one.outerHTML),"
            f" [...document.querySelectorAll('{WATERFALL} li svg')].every((one) => one.clientWidth > 60)]; }})()"
        )

    assert found == {1360: [True, [], True], 390: [True, [], True], 320: [True, [], True]}


async def test_services_are_told_apart_in_both_themes(planned: Planned, chromium: Tab):
    """Eight colours, all different, each at a contrast of 3 at least to what it lies on (WCAG 2.2, 1.4.11)."""
    await shown(chromium, planned)
    contrasts = """(() => {
      const light = (colour) => {
        const [r, g, b] = colour.match(/[\\d.]+/g).slice(0, 3).map((one) => one / 255)
          .map((one) => (one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      const base = light(getComputedStyle(document.querySelector('.graphiql-container')).backgroundColor);
      return Array.from({ length: 8 }, (_, number) => {
        const one = document.querySelector('.stolon-operation').appendChild(document.createElement('i'));
        one.className = `stolon-service-${number}`;
        const colour = getComputedStyle(one).backgroundColor;
        const [low, high] = [light(colour), base].sort((a, b) => a - b);
        return [colour, (high + 0.05) / (low + 0.05)];
      });
    })()"""
    for scheme in ("light", "dark"):
        await chromium.send(
            "Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}]
        )
        found = await chromium.evaluate(contrasts)
        assert len({colour for colour, _ in found}) == 8
        assert min(contrast for _, contrast in found) >= 3, (scheme, found)
