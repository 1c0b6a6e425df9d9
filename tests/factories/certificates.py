"""A certificate authority that is not public, and certificates of its hosts."""

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

PEM = serialization.Encoding.PEM


@dataclass(slots=True)
class OwnCa:
    """A CA that no public list has."""

    folder: Path
    file: Path
    key: ec.EllipticCurvePrivateKey
    name: x509.Name

    @classmethod
    def create(cls, folder: Path) -> "OwnCa":
        """Create the CA, with its certificate in `ca.pem`."""
        key, name = ec.generate_private_key(ec.SECP256R1()), build_name("CA mitra")
        made = build_certificate(name, name, key.public_key())
        made = made.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        file = folder / "ca.pem"
        file.write_bytes(made.sign(key, hashes.SHA256()).public_bytes(PEM))
        return cls(folder, file, key, name)

    def server(self, address: str) -> ssl.SSLContext:
        """Return the TLS context of a server with a certificate for one IP address."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.issue(address))
        return context

    def issue(self, address: str) -> Path:
        """Return a file with a certificate for one IP address and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        made = build_certificate(build_name(address), self.name, key.public_key())
        names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))])
        made = made.add_extension(names, critical=False).sign(self.key, hashes.SHA256())
        file = self.folder / f"{address}.pem"
        plain = (PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        file.write_bytes(made.public_bytes(PEM) + key.private_bytes(*plain))
        return file


def build_name(common_name: str) -> x509.Name:
    """Return a name with a common name only."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def build_certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    """Return an unsigned certificate that is valid for a day."""
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
    )
