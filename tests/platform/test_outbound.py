"""Addresses that a merchant typed: only public ones, by the address that was checked, with the name's certificate."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app.platform.outbound import Outbound, Unreachable, UnsafeAddress, is_public

HOST = "hooks.shop.example"


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1%eth0",
        "fd00::1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "2001:0:7f00:1::",
    ],
)
def test_no_address_of_an_inner_network(address: str) -> None:
    assert not is_public(address)
    with pytest.raises(UnsafeAddress, match="public internet"):
        Outbound(resolve=lambda host, port: ["93.184.216.34", address]).check("https://a.example/")


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"])
def test_public_ones_are_fine(address: str) -> None:
    assert is_public(address)
    target = Outbound(resolve=lambda host, port: [address]).check("https://a.example/hook?x=1")
    assert (target.host, target.port, target.path) == ("a.example", 443, "/hook?x=1")


@pytest.mark.parametrize(
    "url",
    [
        "http://a.example/",
        "ftp://a.example/",
        "https://",
        "https:///path",
        "file:///etc/passwd",
        "https://user:word@a.example/",
        "https://a.example:22/",
        "https://a.example:99999/",
        "https://[::1",
        "https://a.example/\r\nHost: b",
        "javascript:alert(1)",
        "https://a.example/" + "x" * 2000,
        "",
    ],
)
def test_other_addresses_are_refused_in_words(url: str) -> None:
    with pytest.raises(UnsafeAddress, match="Enter"):
        Outbound(resolve=lambda host, port: ["93.184.216.34"]).check(url)


def test_an_address_written_as_a_number_is_judged_like_any_other() -> None:
    for url in ("https://127.0.0.1/", "https://2130706433/", "https://0x7f.1/", "https://[::1]/"):
        with pytest.raises((UnsafeAddress, Unreachable)):
            Outbound().check(url)


@dataclass
class Receiver:
    """An https server on loopback that keeps what it is sent."""

    port: int = 0
    status: int = 200
    got: list[tuple[str, str, bytes]] = field(default_factory=list)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (tmp_path / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)
    return tmp_path / "cert.pem"


@pytest.fixture
def receiver(certificate: Path) -> Iterator[Receiver]:
    found = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.got.append((self.path, self.headers["Host"], body))
            self.send_response(found.status)
            self.send_header("Location", "https://169.254.169.254/")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    found.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield found
    server.shutdown()
    server.server_close()
    thread.join()


def lenient(receiver: Receiver, certificate: Path) -> Outbound:
    """Reaches the receiver, which is the only thing that production would refuse."""
    return Outbound(
        resolve=lambda host, port: ["127.0.0.1"],
        allowed=lambda address: True,
        ports=(receiver.port,),
        ca_certs=str(certificate),
    )


def test_a_post_goes_to_the_checked_address_under_the_name(receiver: Receiver, certificate: Path) -> None:
    url = f"https://{HOST}:{receiver.port}/hook"
    assert lenient(receiver, certificate).post(url, b"{}", {"Content-Type": "application/json"}) == 200
    assert receiver.got == [("/hook", f"{HOST}:{receiver.port}", b"{}")]


def test_a_redirect_is_not_followed(receiver: Receiver, certificate: Path) -> None:
    receiver.status = 307
    assert lenient(receiver, certificate).post(f"https://{HOST}:{receiver.port}/", b"", {}) == 307
    assert len(receiver.got) == 1


def test_the_certificate_must_be_the_names(receiver: Receiver, certificate: Path) -> None:
    with pytest.raises(Unreachable, match=r"other\.example cannot be reached"):
        lenient(receiver, certificate).post(f"https://other.example:{receiver.port}/", b"", {})
    assert receiver.got == []


def test_a_name_that_nobody_knows_is_said() -> None:
    def unknown(host: str, port: int) -> list[str]:
        raise OSError

    with pytest.raises(Unreachable, match=r"no\.example cannot be found"):
        Outbound(resolve=unknown).check("https://no.example/")
