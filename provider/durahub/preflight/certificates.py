"""A certificate chain and its key: whether they can be read, belong together, and are in their time."""

from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from durahub.errors import BadCertificate

SOON = timedelta(days=14)


def check_certificate(chain: Path, key: Path, now: datetime) -> str:
    """Return what a certificate says of itself. Raises `BadCertificate`. *now* has a time zone."""
    certificate = x509.load_pem_x509_certificates(_read(chain))[0] if _is_chain(chain) else None
    if certificate is None:
        raise BadCertificate(str(chain), "no certificate in PEM stands in it")
    try:
        private = load_pem_private_key(_read(key), password=None)
    except (ValueError, TypeError):
        raise BadCertificate(
            str(key), "no private key in PEM without a password stands in it"
        ) from None
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if certificate.public_key().public_bytes(*form) != private.public_key().public_bytes(*form):
        raise BadCertificate(str(key), f"it is not the key of the certificate in {chain}")
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if now < begins:
        raise BadCertificate(
            str(chain), f"the certificate is valid from {begins:%Y-%m-%d %H:%M} on"
        )
    if now >= ends:
        raise BadCertificate(str(chain), f"the certificate was valid until {ends:%Y-%m-%d %H:%M}")
    soon = "; renew it soon" if ends - now < SOON else ""
    return f"valid until {ends:%Y-%m-%d}{soon}"


def _is_chain(file: Path) -> bool:
    try:
        return bool(x509.load_pem_x509_certificates(_read(file)))
    except ValueError:
        return False


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise BadCertificate(str(file), f"it cannot be read ({error.strerror})") from None
