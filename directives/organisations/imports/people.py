"""Import of people (成员): accounts, and roles in bodies; a person may have several rows."""

from collections.abc import Callable, Iterable, Mapping, Sequence
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


FIELDS: tuple[Field, ...] = (
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


def fields(context: IntakeContext) -> tuple[Field, ...]:
    return FIELDS


def may(user: User) -> bool:
    """Whether the person manages accounts or roles; a table may change only what they manage."""
    return user.is_staff and (keeps_accounts(user) or keeps_rights(user))


@dataclass(frozen=True, slots=True)
class RowRoles:
    """The person of a row, and the roles (as code:role) that it gives or ends."""

    name: str
    roles: list[str]
    ends: bool
    faults: list[Fault]


class PeopleChecker(Checker):
    """Checks rows. Further rows of a person give or end roles; roles not in the table stay."""

    def __init__(self, context: IntakeContext, headed: frozenset[str]) -> None:
        super().__init__(context, headed)
        self.bodies = BodyCodes()
        abolished = Organisation.objects.filter(valid_to__lte=context.today)
        self.abolished = set(abolished.values_list("code", flat=True))
        self.roles = names_of(ROLES)
        # By user name: the roles after the rows so far, the values in the first row of the person,
        # and for each role in the rows whether it is removed.
        self.roles_after: dict[str, list[str]] = {}
        self.first_values: dict[str, dict[str, Any]] = {}
        self.role_actions: dict[str, dict[str, bool]] = {}
        # For the remarks.
        self.new_supervisors = 0
        self.keeping_roles = 0
        self.supervised_leaves: set[str] = set()

    def check(self, rows: Sequence[FileRow]) -> list[CheckedRow]:
        names = {text_of(row.values.get("username")) for row in rows}
        people = {user.username: user for user in User.objects.filter(username__in=names)}
        stored_roles: dict[int, list[str]] = {}
        with_roles = User.objects.filter(username__in=names, memberships__isnull=False)
        for pk, code, role in with_roles.order_by("memberships__pk").values_list(
            "pk", "memberships__organisation__code", "memberships__role"
        ):
            stored_roles.setdefault(pk, []).append(f"{code}:{role}")
        # Roles of all rows first: each row is checked against the others of its person.
        row_roles = [self._row_roles(row) for row in rows]
        return [
            self._check_row(row, roles, people.get(roles.name), stored_roles)
            for row, roles in zip(rows, row_roles, strict=True)
        ]

    def _row_roles(self, row: FileRow) -> RowRoles:
        name, faults = text_of(row.values.get("username")), list[Fault]()
        ends = row.values.get(ENDED) == YES
        roles = self._roles(row, faults, ends)
        if ends and not roles and not faults:
            expected = _("The organisation and role to remove, on the same row")
            remedy = _("Fill in organisation and role, or empty this cell.")
            faults.append(Fault(ENDED, str(CHOICES[0][1]), expected, remedy))
        actions = self.role_actions.setdefault(name, {})
        if any(actions.setdefault(role, ends) != ends for role in roles):
            expected = _(
                "One of the two; another row of this person grants the role this row removes, or "
                "removes the role it grants"
            )
            faults.append(Fault("username", name, expected, _("Keep one of the rows.")))
        return RowRoles(name, roles, ends, faults)

    def _check_row(
        self,
        row: FileRow,
        row_roles: RowRoles,
        user: User | None,
        stored_roles: dict[int, list[str]],
    ) -> CheckedRow:
        name, values = row_roles.name, _account_values(row)
        label = f"{name} {values.get('full_name') or (user.full_name if user else '')}".strip()
        roles = stored_roles.get(user.pk, ()) if user else ()
        before = self.roles_after.setdefault(name, sorted(roles))
        first_values = self.first_values.setdefault(name, values)
        combine = {*before}.difference if row_roles.ends else {*before}.union
        after = sorted(combine(row_roles.roles))
        faults = [
            *_faults_of_spelling(row, name if user is None else ""),
            *row_roles.faults,
            *_faults_of_person(row_roles, user, values, first_values),
        ]
        if not faults:
            faults += self._faults_of_rights(values, user, roles_change=after != before)
        if user is not None and not faults:
            faults += self._faults_of_account(user, values, roles_change=after != before)
        if faults or row.faults or not name:
            return wrong_row(row, faults, label, user.pk if user else None)
        self.roles_after[name] = after
        self._note_supervisors({*after}.difference(before))
        is_first = first_values is values
        if is_first:
            label += self._kept_roles(before, self.role_actions[name])
        if user is not None:
            stored = StoredRow(user.pk, 1, label, {**stored_values(user), LISTED: before})
            new_values = (values if is_first else {}) | {LISTED: after}
            return compare(row, stored, new_values, PastValues())
        if is_first:
            filled = {key: value for key, value in values.items() if value}
            return new_row(row, label, {"username": name, ACTIVE: YES, **filled, LISTED: after})
        if after != before:
            return new_row(row, label, {"username": name, LISTED: after})
        return CheckedRow(row, SAME, label)

    def _kept_roles(self, before: Sequence[str], actions: Mapping[str, bool]) -> str:
        """The roles that the person keeps besides, translated; "" if the table has no roles."""
        kept_roles = [role for role in before if role not in actions]
        if not kept_roles or not self.headed & {"role", LISTED}:
            return ""
        self.keeping_roles += 1
        return " · " + _("keeps also: %(roles)s") % {
            "roles": "、".join(map(role_in_words, kept_roles))
        }

    def _note_supervisors(self, gained: Iterable[str]) -> None:
        split = [role.rpartition(":") for role in gained]
        codes = {code for code, _colon, role in split if role == SUPERVISOR}
        self.new_supervisors += settings.CONFIRM_RIGHTS and bool(codes)
        self.supervised_leaves |= codes and codes - self._parents

    @cached_property
    def _parents(self) -> set[str]:
        """The codes of organisations that have others below them."""
        parents = Organisation.objects.filter(children__isnull=False).order_by()
        return set(parents.values_list("code", flat=True).distinct())

    def remarks(self) -> Iterable[str]:
        if self.new_supervisors:
            text = _(
                "People to become supervisors: %(count)s. If another person can confirm it, they "
                "must do so first."
            )
            yield text % {"count": self.new_supervisors}
        if self.keeping_roles:
            text = _("People who keep roles not in the table: %(count)s. See their rows.")
            yield text % {"count": self.keeping_roles}
        if self.supervised_leaves:
            text = _(
                "Supervisors of organisations with nothing below, who will review nothing: "
                "%(codes)s."
            )
            yield text % {"codes": "、".join(sorted(self.supervised_leaves)[:20])}

    def _faults_of_rights(
        self, values: Mapping[str, Any], user: User | None, *, roles_change: bool
    ) -> Iterable[Fault]:
        """Faults of changes that only another administrator may make."""
        by, name = self.context.by, user.username if user else ""
        if _changes(user, values) and not keeps_accounts(by):
            expected = _(
                "An unchanged account; the system administrator creates and edits accounts"
            )
            remedy = _("Delete the row, or ask the system administrator.")
            yield Fault("username", name, expected, remedy)
        ask_security = _("Clear the cells, or ask the security administrator.")
        email = user.email if user else ""
        if values.get("email", email) != email and (
            can_administer(by, user) and not can_reset(by, user) if user else not keeps_rights(by)
        ):
            expected = _(
                "An unchanged email address; email can reset the password, so only those who may "
                "set it enter the address"
            )
            yield Fault("email", values["email"], expected, ask_security)
        if roles_change and not keeps_rights(by):
            expected = _("No roles: the security administrator grants and removes them")
            yield Fault("role", "", expected, ask_security)

    def _faults_of_account(
        self, user: User, values: Mapping[str, Any], *, roles_change: bool
    ) -> Iterable[Fault]:
        changes, by = _changes(user, values), self.context.by
        if (changes or roles_change) and user.pk == by.pk:
            expected = _("Another user’s account; you cannot change your own with a table")
            remedy = _("Delete the row, or ask another administrator.")
            yield Fault("username", user.username, expected, remedy)
        elif (changes and not can_administer(by, user)) or (
            roles_change and not can_give(by, user)
        ):
            expected = _("An account with no more rights than yours")
            remedy = _("Delete the row, or ask the server operator.")
            yield Fault("username", user.username, expected, remedy)

    def _roles(self, row: FileRow, faults: list[Fault], ends: bool) -> list[str]:
        """The roles in the cells of a row, as code:role."""
        values = row.values
        cells: list[tuple[str, str, str]] = []  # field, text of the body, role
        body, role = text_of(values.get("body")), values.get("role")
        if body and role:
            cells.append(("body", body, role))
        elif body or role:
            expected = _("Both organisation and role, or neither")
            remedy = _("Fill in the other of the two cells.")
            faults.append(Fault("role" if body else "body", "", expected, remedy))
        for text in values.get(LISTED) or ():
            code, _colon, role_name = text.replace("：", ":").rpartition(":")
            listed_role = self.roles.get(fold(role_name))
            if code and listed_role is not None:
                cells.append((LISTED, code.strip(), listed_role))
                continue
            expected = _("An organisation code, a colon and a role, such as Q01:staff")
            remedy = _("Write the role as one of: %(all)s.") % {
                "all": "、".join(str(label) for _value, label in ROLES)
            }
            faults.append(Fault(LISTED, text, expected, remedy))
        return [
            f"{code}:{role}"
            for field, text, role in cells
            if (code := self._code(field, text, faults, ends))
        ]

    def _code(self, field: str, text: str, faults: list[Fault], ends: bool) -> str:
        match = self.bodies.find(text)
        if not match.code:
            ambiguous = ambiguous_code(field, text, match) if match.several else None
            faults.append(ambiguous or unknown_body(field, text))
        elif match.code in self.abolished and not ends:
            expected = _("An existing organisation")
            faults.append(Fault(field, text, expected, _("Choose its successor.")))
            return ""
        return match.code


def _faults_of_person(
    row_roles: RowRoles,
    user: User | None,
    values: Mapping[str, Any],
    first_values: Mapping[str, Any],
) -> Iterable[Fault]:
    """The faults of a row compared with the first row of its person."""
    name = row_roles.name
    if first_values is not values and any(
        value and value != first_values.get(field) for field, value in values.items()
    ):
        expected = _("The same as in the first row of this person")
        remedy = _("Correct one of the rows; one person has one user name.")
        yield Fault("username", name, expected, remedy)
    if user is None and row_roles.ends:
        expected = _("A person who has an account and this role")
        yield Fault("username", name, expected, _("Correct the user name, or delete the row."))


def _changes(user: User | None, values: Mapping[str, Any]) -> bool:
    """Whether a row adds an account, or changes it."""
    return user is None or any(stored_values(user)[name] != value for name, value in values.items())


def stored_values(user: User) -> dict[str, Any]:
    """The values that the row of a table has for an account."""
    return {name: getattr(user, name) for name in PLAIN} | {ACTIVE: YES if user.is_active else NO}


def _account_values(row: FileRow) -> dict[str, Any]:
    """The values of a row for the account; empty cells keep the language and the active state."""
    values = row.values
    account = {
        name: text_of(values[name])
        for name in PLAIN
        if name in values and (name != "language" or values[name])
    }
    return account | ({ACTIVE: values[ACTIVE]} if values.get(ACTIVE) else {})


def _faults_of_spelling(row: FileRow, new_name: str) -> Iterable[Fault]:
    correct = _("Correct this cell.")
    if new_name and not _is_valid(UnicodeUsernameValidator(), new_name):
        yield Fault("username", new_name, _("Only letters, digits and @ . + - _"), correct)
    email = text_of(row.values.get("email"))
    if email and not _is_valid(validate_email, email):
        yield Fault("email", email, _("An address such as name@example.org"), correct)


def _is_valid(validate: Callable[[str], None], text: str) -> bool:
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
