"""Behind a real nginx: under a path by the shipped example, and at the root."""

import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_network
from pathlib import Path

import httpx2
import pytest

from tests.browser.serving import SMALL, serve

pytestmark = pytest.mark.slow

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
EXAMPLE = Path(__file__).parents[2] / "deploy" / "nginx.conf"
LOCAL = (ip_network("127.0.0.1"),)
ADDRESSES = r'(?:src|href|action|data-address|data-link)="(/[^"]*)"'


def free_port() -> int:
    """Return a port that is free now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def nginx(locations: str, folder: Path) -> Iterator[str]:
    """Run nginx with these locations until the end of the block, and give its address."""
    if NGINX is None:
        pytest.skip("nginx is not there: apt-get install nginx-light")
    port = free_port()
    paths = "".join(
        f"{name}_temp_path {folder}/{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/pid; error_log {folder}/error.log; events {{}}\n"
        f"http {{ access_log off; {paths} server {{ listen 127.0.0.1:{port}; {locations} }} }}\n",
        encoding="utf-8",
    )
    process = subprocess.Popen([NGINX, "-e", f"{folder}/error.log", "-p", str(folder), "-c", f"{folder}/nginx.conf"])
    try:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)  # nginx says nothing when it listens
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def test_what_is_typed_is_in_no_log() -> None:
    """An address holds what was typed: no example of a proxy writes down who asked for it."""
    examples = sorted(EXAMPLE.parent.rglob("nginx*.conf"))
    assert len(examples) == 3
    for example in examples:
        blocks = re.findall(r"(?ms)^(?:server|location) [^{]*\{.*?^\}", example.read_text(encoding="utf-8"))
        assert blocks, example
        assert all("access_log off;" in block for block in blocks), example


@pytest.mark.parametrize("prefix", ["/faq", ""])
def test_pages_and_files_come_through(tmp_path: Path, prefix: str) -> None:
    """Every link leads to a page of ours, a redirect stays below the prefix, and a question is answered."""
    with serve(SMALL, tmp_path, trusted_proxies=LOCAL) as site:
        example = EXAMPLE.read_text(encoding="utf-8").replace("http://127.0.0.1:8000", site.address)
        locations = example if prefix else f"location / {{ proxy_pass {site.address}; proxy_set_header Host $host; }}"
        with nginx(locations, tmp_path) as outside, httpx2.Client(base_url=outside, follow_redirects=True) as client:
            home = client.get(f"{prefix}/")
            reply = client.post(f"{prefix}/", data={"q": "code erreur", "couloir": "Officine"})
            assert str(reply.url) == f"{outside}{prefix}/?couloir=Officine"
            assert "Vous demandez" in reply.text
            found = {address for page in (home, reply) for address in re.findall(ADDRESSES, page.text)}
            assert f"{prefix}/page/main.js" in found
            for address in found - {f"{prefix}/avis"}:
                assert address.startswith(f"{prefix}/")
                assert client.get(address).status_code == 200, address
            assert client.get(f"{prefix}/v1/search/", params={"q": "certificat"}).json()["hits"]
            assert client.get(f"{prefix}/reponses/").status_code == 200
            if prefix:
                watched = [client.get(f"{prefix}/{name}").status_code for name in ("metrics", "readyz", "livez")]
                assert watched == [404, 404, 404]
            missing = client.get(f"{prefix}/rien", headers={"accept": "text/html"})
            assert (missing.status_code, f'href="{prefix}/"' in missing.text) == (404, True)
