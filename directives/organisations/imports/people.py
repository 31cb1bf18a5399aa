"""People (成员): accounts without passwords, and their roles in bodies. One row or several a person; a role ends where a row says so."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from directives.base.script import fold
from directives.base.states import ROLES, SUPERVISOR
from directives.core.rules import can_administer, can_give, can_reset, keeps_accounts, keeps_rights
from directives.models import Organisation, User
from directives.models.intakes import SAME
from directives.organisations.imports.people_writing import (
    ACTIVE,
    ENDED,
    LISTED,
    NO,
    PLAIN,
    YES,
    role_in_words,
    undo,
    write,
)
from directives.tables.cells import names_of
from directives.tables.codes import BodyCodes, ambiguous_code, unknown_body
from directives.tables.comparing import PastValues, StoredRow, compare, new_row, text_of, wrong_row
from directives.tables.fields import (
    CheckedRow,
    Checker,
    Fault,
    Field,
    FileRow,
    IntakeContext,
    TableKind,
)

CHOICES = ((YES, gettext_lazy("Yes")), (NO, gettext_lazy("No")))


def fields(context: IntakeContext) -> tuple[Field, ...]:
    """The columns of a list of people."""
    return (
        Field(
            "username",
            gettext_lazy("User name"),
            "code",
            USERNAME,
            required=True,
            key=True,
            limit=150,
            example="linxl",
        ),
        Field(
            "full_name",
            pgettext_lazy("person", "Name"),
            "text",
            ("姓名", "人员姓名", "真实姓名", "名字"),
            limit=60,
            example="林晓岚",
        ),
        Field("phone", gettext_lazy("Telephone"), "code", PHONE, limit=40),
        Field(
            "email",
            gettext_lazy("Email"),
            "code",
            ("邮箱", "电子邮件", "电子邮箱", "邮件", "e-mail", "mail"),
            limit=254,
        ),
        Field(
            "language",
            gettext_lazy("Language"),
            "choice",
            ("界面语言", "语种"),
            choices=tuple(settings.LANGUAGES),
        ),
        Field(
            "active",
            gettext_lazy("In use"),
            "choice",
            ("是否启用", "启用", "在用", "状态", "是否在用"),
            choices=CHOICES,
            example="yes",
        ),
        Field(
            "body",
            gettext_lazy("Organisation"),
            "code",
            BODY,
            limit=200,
            example="Q01",
            drop_down="organisations",
        ),
        Field(
            "role",
            gettext_lazy("Role"),
            "choice",
            ("角色", "岗位", "身份", "权限", "用户角色"),
            choices=ROLES,
            example="staff",
        ),
        Field(ENDED, gettext_lazy("Role removed"), "choice", ENDS, choices=CHOICES, help=HELP_ENDS),
        Field(
            LISTED,
            gettext_lazy("Roles in organisations"),
            "codes",
            ("成员", "单位角色", "所属单位及角色"),
            limit=200,
            help=HELP,
        ),
    )


USERNAME = ("用户名", "账号", "帐号", "登录名", "账户", "用户", "登录账号", "user", "login", "工号")
PHONE = (
    "电话", "手机", "手机号", "联系电话", "办公电话", "手机号码", "电话号码", "移动电话",
    "固定电话", "联系方式",
)  # fmt: skip
BODY = (
    "单位", "所属单位", "单位编码", "单位代码", "单位名称", "工作单位", "所在单位", "机构代码",
    "部门", "所在部门", "所属部门", "工作部门",
)  # fmt: skip
HELP = gettext_lazy(
    "Organisation code, colon, role; separate several with commas: Q01:staff, Q02:viewer"
)

ENDS = (
    "撤销角色", "取消角色", "解除角色", "停用角色", "角色停用", "免去角色", "角色撤销",
    "是否撤销",
)  # fmt: skip
HELP_ENDS = gettext_lazy(
    "Yes: the role in this row is removed. The account stays, and so do roles not in the table."
)


def may(user: User) -> bool:
    """Those who keep the accounts, and those who say which roles people have: each with the part of a table that is theirs."""
    return user.is_staff and (keeps_accounts(user) or keeps_rights(user))


@dataclass(frozen=True, slots=True)
class Read:
    """What a row names: a person, roles as code:role, and whether these end."""

    name: str
    roles: list[str]
    ends: bool
    faults: list[Fault]


class PeopleChecker(Checker):
    """A second row of a person adds roles, or ends some. What a table does not name stays, and the person's first row says so."""

    def __init__(self, context: IntakeContext, headed: frozenset[str]) -> None:
        super().__init__(context, headed)
        self.bodies = BodyCodes()
        today = context.today
        self.ended = set(
            Organisation.objects.filter(valid_to__lte=today).values_list("code", flat=True)
        )
        self.roles = names_of(ROLES)
        self.met: dict[str, list[str]] = {}  # by user name: the roles as earlier rows leave them
        self.said: dict[str, dict[str, Any]] = {}  # what the first row of a person says of them
        self.named: dict[
            str, dict[str, bool]
        ] = {}  # by user name: the roles that rows name, and whether they end
        self.waiting = 0  # rows by which somebody is to supervise
        self.keep = 0  # people who keep roles that the table does not name
        self.idle: set[str] = (
            set()
        )  # codes of organisations with nothing below, in which somebody is to supervise

    def check(self, rows: Sequence[FileRow]) -> list[CheckedRow]:
        names = {text_of(row.values.get("username")) for row in rows}
        known = {user.username: user for user in User.objects.filter(username__in=names)}
        listed: dict[int, list[str]] = {}
        roles = User.objects.filter(username__in=names, memberships__isnull=False).order_by(
            "memberships__pk"
        )
        for pk, code, role in roles.values_list(
            "pk", "memberships__organisation__code", "memberships__role"
        ):
            listed.setdefault(pk, []).append(f"{code}:{role}")
        read = [self._read(row) for row in rows]
        return [
            self._one(row, known.get(one.name), listed, one)
            for row, one in zip(rows, read, strict=True)
        ]

    def _read(self, row: FileRow) -> Read:
        """What a row names; all rows are read before the first is judged, so that it knows what others name of its person."""
        name, faults = text_of(row.values.get("username")), list[Fault]()
        ends = row.values.get(ENDED) == YES
        roles = self._roles(row, faults, ends)
        if ends and not roles and not faults:
            expected = _("The organisation and role to remove, on the same row")
            faults.append(
                Fault(
                    ENDED,
                    str(CHOICES[0][1]),
                    expected,
                    _("Fill in organisation and role, or empty this cell."),
                )
            )
        named = self.named.setdefault(name, {})
        if any(named.setdefault(role, ends) != ends for role in roles):
            expected = _(
                "One of the two; another row of this person grants the role this row removes, or "
                "removes the role it grants"
            )
            faults.append(Fault("username", name, expected, _("Keep one of the rows.")))
        return Read(name, roles, ends, faults)

    def _one(
        self, row: FileRow, user: User | None, listed: dict[int, list[str]], read: Read
    ) -> CheckedRow:
        name, faults = read.name, read.faults
        faults[:0] = _faults_of_words(row, name if user is None else "")
        plain = _plain(row)
        label = f"{name} {plain.get('full_name') or (user.full_name if user else '')}".strip()
        stands = self.met.setdefault(name, sorted(listed.get(user.pk, ())) if user else [])
        first = self.said.setdefault(name, plain)
        if first is not plain and any(
            value and value != first.get(field) for field, value in plain.items()
        ):
            expected = _("The same as in the first row of this person")
            faults.append(
                Fault(
                    "username",
                    name,
                    expected,
                    _("Correct one of the rows; one person has one user name."),
                )
            )
        roles = sorted({*stands}.difference(read.roles) if read.ends else {*stands, *read.roles})
        if user is None and read.ends:
            expected = _("A person who has an account and this role")
            faults.append(
                Fault("username", name, expected, _("Correct the user name, or delete the row."))
            )
        if not faults:
            faults += self._faults_of_duty(plain, user, gives=roles != stands)
        if user is not None and not faults:
            faults += self._faults_of_person(user, plain, gives=roles != stands)
        if faults or row.faults or not name:
            return wrong_row(row, faults, label, user.pk if user else None)
        self._note(name, roles, gained={*roles}.difference(stands))
        if first is plain:
            label += self._kept(stands, self.named[name])
        if user is not None:
            wanted = (plain if first is plain else {}) | {LISTED: roles}
            return compare(
                row,
                StoredRow(user.pk, 1, label, {**stored_of(user), LISTED: stands}),
                wanted,
                PastValues(),
            )
        if first is plain:
            said = {key: value for key, value in plain.items() if value}
            return new_row(row, label, {"username": name, ACTIVE: YES, **said, LISTED: roles})
        return (
            new_row(row, label, {"username": name, LISTED: roles})
            if roles != stands
            else CheckedRow(row, SAME, label)
        )

    def _kept(self, stands: Sequence[str], named: Mapping[str, bool]) -> str:
        """What a person keeps besides, in words; nothing where the table tells of no roles."""
        kept = [role for role in stands if role not in named]
        if not kept or not self.headed & {"role", LISTED}:
            return ""
        self.keep += 1
        return " · " + _("keeps also: %(roles)s") % {"roles": "、".join(map(role_in_words, kept))}

    def _note(self, name: str, roles: list[str], *, gained: Iterable[str]) -> None:
        self.met[name] = roles
        codes = {
            code
            for code, _colon, role in (one.rpartition(":") for one in gained)
            if role == SUPERVISOR
        }
        self.waiting += settings.CONFIRM_RIGHTS and bool(codes)
        self.idle |= codes and codes - self._parents

    @cached_property
    def _parents(self) -> set[str]:
        """The codes of organisations that have others below them."""
        return set(
            Organisation.objects.filter(children__isnull=False)
            .order_by()
            .values_list("code", flat=True)
            .distinct()
        )

    def remarks(self) -> Iterable[str]:
        if self.waiting:
            yield _(
                "People to become supervisors: %(count)s. If another person can confirm it, they "
                "must do so first."
            ) % {"count": self.waiting}
        if self.keep:
            text = _("People who keep roles not in the table: %(count)s. See their rows.")
            yield text % {"count": self.keep}
        if self.idle:
            text = _(
                "Supervisors of organisations with nothing below, who will review nothing: "
                "%(codes)s."
            )
            yield text % {"codes": "、".join(sorted(self.idle)[:20])}

    def _faults_of_duty(
        self, plain: dict[str, Any], user: User | None, *, gives: bool
    ) -> Iterable[Fault]:
        """Accounts are for the system administrator, roles for the security administrator, who may be one person."""
        by, name = self.context.by, user.username if user else ""
        if _changes(user, plain) and not keeps_accounts(by):
            expected = _(
                "An unchanged account; the system administrator creates and edits accounts"
            )
            yield Fault(
                "username", name, expected, _("Delete the row, or ask the system administrator.")
            )
        mails = plain.get("email", user.email if user else "") != (user.email if user else "")
        if mails and (
            can_administer(by, user) and not can_reset(by, user) if user else not keeps_rights(by)
        ):
            expected = _(
                "An unchanged email address; email can reset the password, so only those who may "
                "set it enter the address"
            )
            yield Fault(
                "email",
                plain["email"],
                expected,
                _("Clear the cells, or ask the security administrator."),
            )
        if gives and not keeps_rights(by):
            expected = _("No roles: the security administrator grants and removes them")
            yield Fault(
                "role", "", expected, _("Clear the cells, or ask the security administrator.")
            )

    def _faults_of_person(
        self, user: User, plain: dict[str, Any], *, gives: bool
    ) -> Iterable[Fault]:
        changes, by = _changes(user, plain), self.context.by
        if (changes or gives) and user.pk == by.pk:
            expected = _("Another user’s account; you cannot change your own with a table")
            yield Fault(
                "username",
                user.username,
                expected,
                _("Delete the row, or ask another administrator."),
            )
        elif (changes and not can_administer(by, user)) or (gives and not can_give(by, user)):
            expected = _("An account with no more rights than yours")
            yield Fault(
                "username",
                user.username,
                expected,
                _("Delete the row, or ask the server operator."),
            )

    def _roles(self, row: FileRow, faults: list[Fault], ends: bool) -> list[str]:
        """The roles that a row names, as code:role."""
        given, pairs = row.values, []
        body, role = text_of(given.get("body")), given.get("role")
        if bool(body) != bool(role):
            missing = "role" if body else "body"
            faults.append(
                Fault(
                    missing,
                    "",
                    _("Both organisation and role, or neither"),
                    _("Fill in the other of the two cells."),
                )
            )
        elif body:
            pairs.append(("body", body, role))
        for text in given.get(LISTED) or ():
            code, _colon, word = text.replace("：", ":").rpartition(":")
            named = self.roles.get(fold(word))
            if not code or named is None:
                remedy = _("Write the role as one of: %(all)s.") % {
                    "all": "、".join(str(label) for _value, label in ROLES)
                }
                faults.append(
                    Fault(
                        LISTED,
                        text,
                        _("An organisation code, a colon and a role, such as Q01:staff"),
                        remedy,
                    )
                )
            else:
                pairs.append((LISTED, code.strip(), named))
        return [
            f"{code}:{role}"
            for field, text, role in pairs
            if (code := self._code(field, text, faults, ends))
        ]

    def _code(self, field: str, text: str, faults: list[Fault], ends: bool) -> str:
        found = self.bodies.find(text)
        if not found.code:
            faults.append(
                ambiguous_code(field, text, found) if found.several else unknown_body(field, text)
            )
        elif found.code in self.ended and not ends:
            faults.append(
                Fault(field, text, _("An existing organisation"), _("Choose its successor."))
            )
            return ""
        return found.code


def _changes(user: User | None, plain: Mapping[str, Any]) -> bool:
    """Whether a row makes an account, or says something else of it than it says."""
    return user is None or any(stored_of(user)[name] != value for name, value in plain.items())


def stored_of(user: User) -> dict[str, Any]:
    """An account as a table says it."""
    return {name: getattr(user, name) for name in PLAIN} | {ACTIVE: YES if user.is_active else NO}


def _plain(row: FileRow) -> dict[str, Any]:
    """What a row says of the person; cells that are there and empty leave language and use as they are."""
    given = row.values
    plain = {
        name: text_of(given[name])
        for name in PLAIN
        if name in given and (name != "language" or given[name])
    }
    return plain | ({ACTIVE: given[ACTIVE]} if given.get(ACTIVE) else {})


def _faults_of_words(row: FileRow, fresh_name: str) -> Iterable[Fault]:
    for field, text, validate, expected in (
        (
            "username",
            fresh_name,
            UnicodeUsernameValidator(),
            _("Only letters, digits and @ . + - _"),
        ),
        (
            "email",
            text_of(row.values.get("email")),
            validate_email,
            _("An address such as name@example.org"),
        ),
    ):
        if text and not _passes(validate, text):
            yield Fault(field, text, expected, _("Correct this cell."))


def _passes(validate: Any, text: str) -> bool:
    try:
        validate(text)
    except ValidationError:
        return False
    return True


PEOPLE = TableKind(
    key="people",
    name=gettext_lazy("People and roles"),
    about=gettext_lazy(
        "Accounts are created without a password; an administrator sets each first one. Roles are "
        "added, and removed where a row says so."
    ),
    needs=(),
    fields=fields,
    may=may,
    checker=PeopleChecker,
    write=write,
    undo=undo,
)
