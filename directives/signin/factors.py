"""The second factor: who needs one, and the encryption of its secrets in the database."""

from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import Any

from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authentication_failed, authenticator_used
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from directives.core import audit
from directives.models import User

ENCRYPTED_PREFIX = "fernet:"  # prefix of an encrypted secret; no plain one begins with it
SECRETS = ("secret", "seed")  # keys of the data of an authenticator that hold one
# Whom an entry of the setting SECOND_FACTOR includes.
ROLES: dict[str, Callable[[User], bool]] = {
    "administrator": lambda user: user.is_staff or user.is_superuser,
    "auditor": lambda user: user.is_auditor,
    "supervisor": lambda user: user.supervises,
}


def needs_factor(user: User) -> bool:
    """Whether one of their roles needs more than a password."""
    return any(ROLES[role](user) for role in settings.SECOND_FACTOR)


def lacks_factor(user: User) -> bool:
    return needs_factor(user) and not user.has_factor


def sign_ins_left(user: User) -> int:
    """How many sign-ins are left to somebody who lacks the factor that they need."""
    return max(0, settings.SECOND_FACTOR_GRACE - user.sign_ins_without_factor)


def _ciphers() -> list[Fernet]:
    """The ciphers of all keys: the first encrypts, any of them may decrypt."""
    keys = [*settings.FACTOR_KEYS, settings.SECRET_KEY]
    return [
        Fernet(
            urlsafe_b64encode(
                HKDF(SHA256(), 32, salt=None, info=b"second factor").derive(key.encode())
            )
        )
        for key in keys
    ]


def encrypted(plain: str) -> str:
    return ENCRYPTED_PREFIX + _ciphers()[0].encrypt(plain.encode()).decode("ascii")


def decrypted(secret: str) -> str:
    """The plain secret, whether or not it is encrypted. Raises InvalidToken if no key fits."""
    if not secret.startswith(ENCRYPTED_PREFIX):
        return secret
    token = secret.removeprefix(ENCRYPTED_PREFIX).encode("ascii")
    return MultiFernet(_ciphers()).decrypt(token).decode()


def _uses_first_key(secret: str) -> bool:
    try:
        _ciphers()[0].decrypt(secret.removeprefix(ENCRYPTED_PREFIX).encode("ascii"))
    except InvalidToken:
        return False
    return secret.startswith(ENCRYPTED_PREFIX)


@transaction.atomic
def reencrypt(authenticators: QuerySet) -> int:
    """Encrypt secrets that are not encrypted by the first key; returns the number of factors."""
    count = 0
    for row in authenticators.select_for_update():
        secrets = {name: row.data[name] for name in SECRETS if name in row.data}
        if all(map(_uses_first_key, secrets.values())):
            continue
        row.data |= {name: encrypted(decrypted(secret)) for name, secret in secrets.items()}
        row.save(update_fields=["data"])
        count += 1
    return count


class FactorAdapter(DefaultMFAAdapter):
    """Authenticator apps and passkeys, with encrypted secrets and our own messages."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": _(
            "This code is not right. A code works once and for 30 seconds; wait for the next one."
        ),
        "cannot_delete_authenticator": _(
            "Your role needs a second step: add another one before you remove this."
        ),
    }

    def encrypt(self, text: str) -> str:
        return encrypted(text)

    def decrypt(self, encrypted_text: str) -> str:
        return decrypted(encrypted_text)

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """People whose role needs a factor cannot delete the last one."""
        user = authenticator.user
        other_factors = user.authenticator_set.exclude(pk=authenticator.pk).exclude(
            type=Authenticator.Type.RECOVERY_CODES
        )
        return not needs_factor(user) or other_factors.exists()

    def get_totp_label(self, user: User) -> str:
        return user.username

    def get_totp_issuer(self) -> str:
        return str(settings.SITE_NAME)

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return super().get_public_key_credential_rp_entity() | {"name": str(settings.SITE_NAME)}

    def get_public_key_credential_user_entity(self, user: User) -> dict[str, Any]:
        entity = super().get_public_key_credential_user_entity(user)
        return entity | {"name": user.username, "display_name": str(user)}


@receiver(authenticator_used, dispatch_uid="secrets are closed by the present key")
def reencrypt_at_sign_in(sender: Any, user: User, **kwargs: Any) -> None:
    """Encrypt plain secrets, and those of an earlier key, by the first key at sign-in."""
    reencrypt(Authenticator.objects.filter(user_id=user.pk))


def _record(action: str, authenticator: Authenticator) -> None:
    request = context.request
    by = request.user if request is not None and request.user.is_authenticated else None
    with transaction.atomic():
        audit.record(
            action,
            authenticator.user,
            by=by,
            now=timezone.now(),
            after={"type": authenticator.type},
        )


@receiver(authentication_failed, dispatch_uid="a wrong second factor is on record")
@transaction.atomic
def record_failure(sender: Any, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    audit.record(
        "failed_factor", user, by=None, now=timezone.now(), after={"type": authenticator.type}
    )


@receiver(post_save, sender=Authenticator, dispatch_uid="a factor is added")
def record_addition(
    sender: Any, instance: Authenticator, created: bool, raw: bool = False, **kwargs: Any
) -> None:
    if created and not raw:
        _record("add_factor", instance)


@receiver(post_delete, sender=Authenticator, dispatch_uid="a factor is removed")
def record_removal(sender: Any, instance: Authenticator, origin: Any = None, **kwargs: Any) -> None:
    """Record the removal, unless the account itself is deleted."""
    if not isinstance(origin, User):
        _record("remove_factor", instance)
