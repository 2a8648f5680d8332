"""An adapter without its library says what to install; without an adapter no library is loaded."""

import subprocess
import sys

import pytest

from tests.souffleur.adapters.conftest import ROOT

LIBRARIES = {
    "langchain": "langchain_core",
    "haystack": "haystack",
    "mteb": "mteb",
    "mcp_server": "mcp",
}
"""The library of each adapter."""
_EXTRAS = {"mcp_server": "mcp"}


def run(code: str) -> "subprocess.CompletedProcess[str]":
    """Run Python code in a process of its own."""
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("module", LIBRARIES)
def test_a_missing_library_is_one_sentence(module: str) -> None:
    """It names the command, and is an ImportError, as programs expect that try an import."""
    said = run(
        f"import sys; sys.modules[{LIBRARIES[module]!r}] = None\n"
        f"try:\n    import souffleur.adapters.{module}\nexcept ImportError as error:\n    print(error)"
    ).stdout.strip()
    extra = _EXTRAS.get(module, module)
    assert said.endswith(f' is not installed. Run: pip install "souffleur-faq[{extra}]"')
    assert len(said.splitlines()) == 1


def test_the_command_says_so_too() -> None:
    """`souffleur mcp` ends with the sentence, not with a traceback."""
    done = run("import sys; sys.modules['mcp'] = None; from souffleur.cli import main; sys.exit(main(['mcp']))")
    assert done.returncode == 2
    assert 'pip install "souffleur-faq[mcp]"' in done.stderr
    assert "Traceback" not in done.stderr


def test_nothing_is_loaded_that_is_not_used() -> None:
    """The library and the command know the adapters without any of their libraries."""
    code = "import sys, souffleur, souffleur.cli, souffleur.adapters.mcp_command; souffleur.cli.parser()"
    loaded = run(f"{code}; print([name for name in {[*LIBRARIES.values()]} if name in sys.modules])").stdout
    assert loaded.strip() == "[]"
