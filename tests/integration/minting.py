# SPDX-License-Identifier: MIT
"""Tokens right and wrong, put together byte by byte: nothing here knows the project's own codec or a JWT library."""
import base64
import hashlib
import hmac
import json

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils


def encode(data):
    """base64url without padding, of bytes or text, or of anything else as JSON."""
    if not isinstance(data, (bytes, str)):
        data = json.dumps(data, separators=(",", ":"))
    if isinstance(data, str):
        data = data.encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value, size=None):
    return encode(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))


class Signer:
    """A private key under a kid, for one algorithm."""

    def __init__(self, algorithm, kid, key=None):
        self.algorithm = algorithm
        self.kid = kid
        self.key = key or self.generate()

    def generate(self):
        if self.algorithm == "ES256":
            return ec.generate_private_key(ec.SECP256R1())
        if self.algorithm == "EdDSA":
            return ed25519.Ed25519PrivateKey.generate()
        return rsa.generate_private_key(65537, 2048)

    def sign(self, data):
        if self.algorithm == "ES256":
            r, s = utils.decode_dss_signature(self.key.sign(data, ec.ECDSA(hashes.SHA256())))
            return r.to_bytes(32, "big") + s.to_bytes(32, "big")
        if self.algorithm == "EdDSA":
            return self.key.sign(data)
        if self.algorithm == "PS256":
            return self.key.sign(data, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
        return self.key.sign(data, padding.PKCS1v15(), hashes.SHA256())

    def header(self, **changes):
        members = {"alg": self.algorithm, "kid": self.kid, "typ": "JWT"}
        members.update(changes)
        return {name: value for name, value in members.items() if value is not None}

    def token(self, claims, header=None, **changes):
        """Rightly signed over any header and payload; changes are those of the header."""
        signed = encode(self.header(**changes) if header is None else header) + "." + encode(claims)
        return signed + "." + encode(self.sign(signed.encode()))

    def jwk(self, **changes):
        public = self.key.public_key()
        members = {"kid": self.kid, "use": "sig", "alg": self.algorithm}
        if self.algorithm == "ES256":
            point = public.public_numbers()
            members.update(kty="EC", crv="P-256", x=number(point.x, 32), y=number(point.y, 32))
        elif self.algorithm == "EdDSA":
            raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
            members.update(kty="OKP", crv="Ed25519", x=encode(raw))
        else:
            numbers = public.public_numbers()
            members.update(kty="RSA", n=number(numbers.n), e=number(numbers.e))
        members.update(changes)
        return {name: value for name, value in members.items() if value is not None}

    def public(self, encoding):
        return self.key.public_key().public_bytes(encoding, serialization.PublicFormat.SubjectPublicKeyInfo)

    def secrets(self):
        """What somebody who believes that the public key is a secret would sign with."""
        return {"pem": self.public(serialization.Encoding.PEM), "der": self.public(serialization.Encoding.DER),
                "jwk": json.dumps(self.jwk()).encode(), "nothing": b""}


def signed_with_hmac(secret, claims, algorithm, kid):
    hashing = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}
    signed = encode({"alg": algorithm, "kid": kid}) + "." + encode(claims)
    made = hmac.new(secret, signed.encode(), hashing.get(algorithm, hashlib.sha256)).digest()
    return signed + "." + encode(made)


def write_key_set(path, jwks):
    """By renaming over it, as an operator should."""
    fresh = path.with_name("new")
    fresh.write_text(json.dumps({"keys": jwks}))
    fresh.rename(path)
