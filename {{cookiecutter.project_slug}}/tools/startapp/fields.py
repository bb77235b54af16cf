"""Field list of `startapp`: parsing, and what each field is in the generated files."""

from __future__ import annotations

import keyword
import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from django.apps import apps
from django.core.management import CommandError

from apps.core.models import SoftDeleteModel, TimeStampedModel, UUIDModel

if TYPE_CHECKING:
    from django.db.models import Model

NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
DECLARATION = re.compile(
    r"(?P<name>\w+)(?::(?P<kind>[a-z]+)(?:\((?P<arguments>[^)]*)\))?)?(?P<optional>\?)?(?P<unique>:unique)?"
)
EXAMPLES = "title:str due:date? slug:unique status:choice(open,done) project:ref(projects.Project) owner"
# Types that a field has by its name.
NAMED = {"date", "email", "slug", "text", "url"}
# Attributes of the base models, parameters of lists, and variables of the generated services.
RESERVED = {*dir(UUIDModel), *dir(TimeStampedModel), *dir(SoftDeleteModel)}
RESERVED |= {"owner", "search", "ordering", "cursor", "page_size", "user", "data", "values", "field"}
LONGEST = 40
# Model arguments of optional fields. An empty text is no valid email, URL, slug or choice.
NULL, BLANK = "null=True, blank=True", "blank=True"


class Kind(NamedTuple):
    """What a type of field is: in the model, in factories, and in a JSON body (`{n}` differs by body)."""

    model: str
    factory: str
    sample: str
    # Model arguments of an optional field.
    optional: str = NULL
    searched: bool = False
    ordered: bool = False
    # Filter with `_after` and `_before`.
    ranged: str = ""


def _text(model: str, sample: str, *, ordered: bool = False, optional: str = NULL) -> Kind:
    factory = "factory.Sequence(lambda number: " + sample.replace("{number}", "{number + 9}") + ")"
    return Kind(model, factory, sample, optional=optional, searched=True, ordered=ordered)


KINDS = {
    "str": _text(
        "CharField({label}, max_length=200{more})", 'f"Text {number}"', ordered=True, optional=BLANK
    ),
    "text": _text("TextField({label}, max_length=10_000{more})", 'f"Text {number}"', optional=BLANK),
    "slug": _text("SlugField({label}, max_length=80{more})", 'f"text-{number}"'),
    "email": _text("EmailField({label}{more})", 'f"user{number}@example.com"'),
    "url": _text("URLField({label}{more})", 'f"https://www.example.com/{number}/"'),
    "int": Kind("IntegerField({label}{more})", "factory.Sequence(int)", "number", ordered=True),
    "decimal": Kind(
        "DecimalField({label}, max_digits=12, decimal_places=2{more})",
        "factory.Sequence(Decimal)",
        'f"{number}.50"',
        ordered=True,
    ),
    "bool": Kind("BooleanField({label}{more})", "True", "number == 1"),
    "date": Kind(
        "DateField({label}{more})",
        "date(2026, 1, 31)",
        'f"2026-01-{number:02}"',
        ordered=True,
        ranged="filters.DateFilter",
    ),
    "datetime": Kind(
        "DateTimeField({label}{more})",
        "datetime(2026, 1, 31, 12, tzinfo=UTC)",
        'f"2026-01-{number:02}T12:00:00Z"',
        ordered=True,
        ranged="DateTimeFilter",
    ),
    "choice": Kind("CharField({label}, max_length={longest}, choices={enum}{more})", "", ""),
    "ref": Kind("ForeignKey({target!r}, verbose_name={label}, related_name='+'{more})", "", ""),
}


class Choice(NamedTuple):
    name: str

    @property
    def constant(self) -> str:
        return self.name.upper()

    @property
    def label(self) -> str:
        return self.name.replace("_", " ")


@dataclass
class Field:
    """A field of the new model."""

    name: str
    kind: str
    optional: bool = False
    unique: bool = False
    choices: list[Choice] = field(default_factory=list)
    # The label of the referenced model, such as `projects.Project`.
    target_label: str = ""

    @property
    def traits(self) -> Kind:
        return KINDS[self.kind]

    @property
    def label(self) -> str:
        return f'_("{self.name.replace("_", " ")}")'

    @property
    def enum(self) -> str:
        return "".join(word.capitalize() for word in self.name.split("_"))

    @property
    def column(self) -> str:
        return f"{self.name}_id" if self.kind == "ref" else self.name

    @property
    def first(self) -> Choice:
        return self.choices[0]

    @property
    def last(self) -> Choice:
        return self.choices[-1]

    @property
    def model_field(self) -> str:
        """Return the field as code of the model."""
        more = [self.traits.optional] if self.optional else []
        if self.kind == "ref":
            more.insert(0, f"on_delete=models.{'SET_NULL' if self.optional else 'CASCADE'}")
        elif self.kind == "choice" and not self.optional:
            more.append(f"default={self.enum}.{self.first.constant}")
        elif self.kind == "bool" and not self.optional:
            more.append("default=False")
        if self.unique:
            more.append("unique=True")
            # Several rows without a value are not equal.
            more += ["null=True"] if self.optional and "null" not in self.traits.optional else []
        code = self.traits.model.format(
            label=self.label,
            enum=f"{self.enum}.choices",
            longest=LONGEST,
            target=self.target_label,
            more="".join(f", {part}" for part in more),
        )
        return f"models.{code}"

    @property
    def factory(self) -> str:
        """Return the value in the factory."""
        return f"factory.SubFactory({self.target}Factory)" if self.kind == "ref" else self.traits.factory

    @property
    def sample(self) -> str:
        """Return an expression for the value in a request body; `number` and `owner` are variables."""
        if self.kind == "choice":
            return f'["{self.first.name}", "{self.last.name}"][number - 1]'
        if self.kind == "ref":
            return f"str({self.target}Factory.create({'owner=owner' if self.is_owned else ''}).pk)"
        return self.traits.sample

    @property
    def needle(self) -> str:
        return {"slug": "needle", "email": "needle@example.com", "url": "https://needle.example.com/"}.get(
            self.kind, "A needle"
        )

    @cached_property
    def target_model(self) -> type[Model]:
        return apps.get_model(self.target_label)

    @property
    def target(self) -> str:
        return self.target_model.__name__

    @property
    def target_name(self) -> str:
        return snake(self.target)

    @property
    def target_names(self) -> str:
        return plural(self.target_name)

    @property
    def target_verbose(self) -> str:
        return str(self.target_model._meta.verbose_name)  # noqa: SLF001 - Django's documented Options API

    @property
    def article(self) -> str:
        return article(self.target_verbose)

    @property
    def is_owned(self) -> bool:
        """Whether the referenced rows belong to users."""
        return self.kind == "ref" and hasattr(self.target_model, "owner")

    @property
    def target_app(self) -> str:
        return self.target_model._meta.app_label  # noqa: SLF001

    @property
    def imports(self) -> str:
        """Return the imports of a reference to an owned row."""
        return (
            "from django.db.models import QuerySet\n"
            f"from apps.{self.target_app}.models import {self.target}\n"
            f"from apps.{self.target_app}.selectors import {self.target_name}_list\n"
        )

    @property
    def factory_import(self) -> str:
        return f"from apps.{self.target_app}.tests.factories import {self.target}Factory"


def parse(declarations: str) -> tuple[list[Field], bool]:
    """Parse declarations such as `title:str due:date? status:choice(open, done) owner`.

    Returns:
        The fields, and whether the rows have an owner.

    Raises:
        CommandError: a declaration is not valid; the message lists all faults.
    """
    fields: list[Field] = []
    faults: list[str] = []
    # At spaces that are not inside parentheses.
    texts = [text for text in re.split(r"\s+(?![^(]*\))", declarations) if text]
    for text in texts:
        if text == "owner":
            continue
        try:
            found = _parse(text)
        except ValueError as error:
            faults.append(f"{text}: {error}")
            continue
        if any(found.name == other.name for other in fields):
            faults.append(f"{text}: the name occurs twice")
        fields.append(found)
    if not fields and not faults:
        faults.append("at least one field is needed, for example: title:str")
    if faults:
        raise CommandError("\n".join(faults))
    return fields, "owner" in texts


def _parse(text: str) -> Field:
    if not (match := DECLARATION.fullmatch(text)):
        raise ValueError(f"write name:type, for example: {EXAMPLES}")
    found = Field(match["name"], match["kind"] or "", bool(match["optional"]), bool(match["unique"]))
    if found.kind == "unique":
        found.kind, found.unique = "", True
    found.kind = found.kind or (found.name if found.name in NAMED else "str")
    arguments = [part.strip() for part in (match["arguments"] or "").split(",") if part.strip()]
    if fault := _fault(found, arguments):
        raise ValueError(fault)
    if found.kind == "choice":
        found.choices = [Choice(part) for part in arguments]
    if found.kind == "ref":
        found.target_label = arguments[0]
        try:
            found.target_label = found.target_model._meta.label  # noqa: SLF001 - Django's documented Options API
        except (LookupError, ValueError):
            raise ValueError(f"there is no model {arguments[0]}; write app.Model") from None
        if not found.target_model.__module__.startswith("apps.") or found.target_label == "users.User":
            raise ValueError("a reference is to a model of this project; for the user write owner")
    return found


def _fault(found: Field, arguments: list[str]) -> str:
    """Return why a field is not valid, or an empty string."""
    is_name = NAME.fullmatch(found.name) and not keyword.iskeyword(found.name)
    are_choices = all(NAME.fullmatch(part) and len(part) <= LONGEST for part in arguments)
    faults = {
        "a name has lower-case letters, digits and single underscores, and is no keyword": not is_name,
        f"the name {found.name} is used by the base models": found.name in RESERVED,
        f"unknown type; choose from {', '.join(KINDS)}": found.kind not in KINDS,
        "choice(open,done) and ref(app.Model) have arguments, other types have none": bool(arguments)
        != (found.kind in {"choice", "ref"}),
        f"{found.kind} cannot be unique": found.unique and found.kind in {"bool", "choice", "text"},
        "choices are lower-case names": found.kind == "choice" and not are_choices,
        "a choice occurs twice": len(set(arguments)) != len(arguments),
    }
    return next((text for text, is_fault in faults.items() if is_fault), "")


def snake(name: str) -> str:
    """Return `line_item` for `LineItem`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def plural(name: str) -> str:
    """Return the regular English plural of a name."""
    if re.search(r"[^aeiou]y$", name):
        return f"{name[:-1]}ies"
    return f"{name}es" if re.search(r"(s|x|z|ch|sh)$", name) else f"{name}s"


def article(name: str) -> str:
    return "an" if name[:1] in "aeiou" else "a"


def context(
    *, app: str, model: str, fields: list[Field], owner: bool, flags: dict[str, bool]
) -> dict[str, Any]:
    """Return the variables of the file templates."""
    name = snake(model)
    names = plural(name)
    owned = ("owner",) if owner else ()
    columns = tuple(each.name for each in fields)
    by_kind = [each for each in fields if each.kind in {"bool", "choice"}]
    searched = [each for each in fields if each.traits.searched]
    # Without an owner, a list can be long, and each ordering needs an index.
    ordered = [each.name for each in fields if each.traits.ordered and (owner or each.unique)]
    foreign = [each for each in fields if each.kind == "ref" and not (owner and each.is_owned)]
    return flags | {
        "app": app,
        "app_class": "".join(word.capitalize() for word in app.split("_")),
        "app_verbose": app.replace("_", " ").capitalize(),
        "model": model,
        "name": name,
        "names": names,
        "verbose": name.replace("_", " "),
        "verbose_plural": names.replace("_", " "),
        "article": article(name),
        "prefix": "" if names == app else names.replace("_", "-"),
        "index": f"{app}_{name}"[:23] + "_newest",
        "text": next(
            (f"self.{each.name}" for each in fields if each.kind == "str" and not each.optional),
            "str(self.pk)",
        ),
        "permission": _permission(owner=owner, public_read=flags["public_read"]),
        "owner": owner,
        "fields": fields,
        "choices": [each for each in fields if each.choices],
        "references": [each for each in fields if each.kind == "ref"],
        "owned": [each for each in fields if owner and each.is_owned],
        "required": [each for each in fields if each.kind != "choice" and not each.optional],
        "mandatory": [each for each in fields if each.kind not in {"bool", "choice"} and not each.optional],
        "without_blank": {
            each.name: {"allow_blank": False}
            for each in fields
            if each.optional and each.kind in {"choice", "email", "slug", "url"}
        },
        "uniques": [each for each in fields if each.unique and each.kind != "ref"],
        "searched": searched,
        "ranges": [each for each in fields if each.traits.ranged],
        # Code of tuples and lists.
        "input_fields": list(columns),
        "output_fields": ["id", *columns, "created_at", "updated_at"],
        "filter_fields": [each.name for each in [*by_kind, *foreign]],
        "search_fields": tuple(each.name for each in searched),
        "ordering_fields": ("created_at", *ordered),
        "related": (*owned, *(each.name for each in fields if each.kind == "ref")),
        "admin_columns": ("__str__", *owned, *(each.name for each in by_kind), "created_at"),
        "admin_filters": (*(each.name for each in by_kind), "created_at"),
        "admin_search": (*(each.name for each in searched), *(["owner__email"] if owner else []), "id"),
        "export_fields": (
            "id",
            *(["owner_id"] if owner else []),
            *(each.column for each in fields),
            "created_at",
        ),
    }


def _permission(*, owner: bool, public_read: bool) -> str:
    if owner:
        return "IsAuthenticatedOrReadOnly" if public_read else ""
    return "IsAuthenticatedOrReadOnly, IsAdminOrPublicReadOnly" if public_read else "IsAdminOrReadOnly"
