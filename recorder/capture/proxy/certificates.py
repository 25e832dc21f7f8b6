"""A certificate authority of our own, kept in a folder, for the addresses at which the proxy listens.

Whoever has its key can pretend to be any site to those who trust it: the key is readable by its owner
alone, and never leaves the folder.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from recorder.errors import BadOption

if TYPE_CHECKING:
    import trustme as trustme_types

CERTIFICATE_FILE, KEY_FILE = "ca.pem", "ca.key"
_LOCAL = ("localhost", "127.0.0.1", "::1")
_ANY = ("0.0.0.0", "::")  # noqa: S104 - not listened on, but left out of certificates


def authority_context(folder: Path, names: Sequence[str]) -> ssl.SSLContext:
    """A server-side TLS context for these host names and addresses, besides the local ones.

    The authority is made in ``folder`` if there is none: ``ca.pem``, which clients are to trust, and
    ``ca.key`` with mode 0600. Each call issues a new certificate, whose key is kept in no file.

    Raises:
        BadOption: the folder or the files cannot be used, or the package that issues them is missing.
    """
    try:
        import trustme
    except ImportError:
        raise BadOption(
            "--tls-ca",
            "the package trustme is not installed",
            hint="pip install 'ums-recorder[proxy]', or give --tls-cert and --tls-key",
        ) from None
    authority = _authority(folder, trustme)
    identities = dict.fromkeys((*_LOCAL, *(name for name in names if name not in _ANY)))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    authority.issue_cert(*identities, common_name="recorder proxy").configure_cert(context)
    return context


def _authority(folder: Path, trustme: ModuleType) -> trustme_types.CA:
    certificate, key = folder / CERTIFICATE_FILE, folder / KEY_FILE
    try:
        if not certificate.exists() and not key.exists():
            _make(certificate, key, trustme)
        if key.stat().st_mode & 0o077:
            raise BadOption("--tls-ca", f"others can read {key}", hint=f"chmod 600 {key}")
        pem, key_pem = certificate.read_bytes(), key.read_bytes()
    except OSError as problem:
        reason = problem.strerror or str(problem)
        raise BadOption("--tls-ca", f"cannot use {problem.filename or folder}: {reason}") from None
    try:
        authority: trustme_types.CA = trustme.CA.from_pem(pem, key_pem)
    except (ValueError, TypeError):
        raise BadOption(
            "--tls-ca", f"{certificate} and {key} are no certificate and its key, in PEM"
        ) from None
    return authority


def _make(certificate: Path, key: Path, trustme: ModuleType) -> None:
    """Write the files of a new authority; the key is never readable by others, not for a moment."""
    authority = trustme.CA(
        path_length=0,
        organization_name="recorder",
        organization_unit_name="recorder proxy, of this machine only",
    )
    certificate.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(key, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(authority.private_key_pem.bytes())
    certificate.write_bytes(authority.cert_pem.bytes())
