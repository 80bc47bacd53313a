"""Templates to responses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse

if TYPE_CHECKING:
    from starlette.requests import Request

    from nija.web.context import Viewer

_templates = Environment(
    loader=PackageLoader("nija.web"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)


def render(request: Request, template: str, status: int = 200, **values: object) -> HTMLResponse:
    """The page for the request's viewer: `request.state.viewer`, set before any page is reached."""
    viewer: Viewer = request.state.viewer
    text = _templates.get_template(template).render(viewer=viewer, path=request.url.path, **values)
    return HTMLResponse(text, status, {"Cache-Control": "no-store"})


def render_part(template: str, **values: object) -> str:
    """A part of a page, without a request."""
    return _templates.get_template(template).render(**values).strip()


def compile_templates() -> None:
    """Once, so that no visitor waits for it."""
    for name in _templates.list_templates():
        _templates.get_template(name)
