"""Import of CSV files by django-import-export. Imported only when needed, since the library takes 80 ms."""

import csv
import io
import uuid
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from difflib import get_close_matches
from functools import partial
from itertools import chain
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.sessions.backends.base import SessionBase
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Field, FileField, JSONField, Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from import_export.admin import ImportMixin
from import_export.fields import Field as Column
from import_export.formats.base_formats import CSV
from import_export.forms import ImportForm
from import_export.resources import ModelResource, modelresource_factory
from import_export.results import Result
from import_export.tmp_storages import BaseStorage
from import_export.widgets import Widget
from tablib import Dataset

from apps.core.admin import CSVAdmin, unescaped

# Limits of the admin, since each row takes several queries of one request.
MAX_ROWS = 1000
MAX_BYTES = 1_000_000


def read_rows(file: Iterable[str], columns: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield the line number and the cells of each row, beginning with the header.

    Raises:
        ValidationError: the file is no CSV file with these columns.
    """
    lines = iter(file)
    header: list[str] = []
    line = 1
    try:
        first = next(lines, "")
        reader = csv.reader(chain([first], lines), delimiter=max(",;\t", key=first.count), strict=True)
        for cells in reader:
            if not header:
                header = [cell.strip() for cell in cells]
                _check_header(header, columns)
                yield line, header
            elif cells:
                _check_length(cells, header)
                yield line, [unescaped(cell) for cell in cells]
            line = reader.line_num + 1
    except UnicodeDecodeError as error:
        raise ValidationError(_("The encoding of the file is not UTF-8.")) from error
    except csv.Error as error:
        message = _("Line %(line)d cannot be read as the columns of the header (%(error)s).")
        raise ValidationError(message % {"line": line, "error": error}) from error
    if not header:
        raise ValidationError(_("The submitted file is empty."))


def _check_header(header: list[str], columns: Sequence[str]) -> None:
    errors = []
    for number, name in enumerate(header):
        if name in header[:number]:
            errors.append(_("Column “%(name)s” occurs twice.") % {"name": name})
        elif name not in columns:
            nearest = ", ".join(get_close_matches(name, columns, n=1) or columns)
            message = _("Unknown column “%(name)s”. Did you mean: %(nearest)s?")
            errors.append(message % {"name": name, "nearest": nearest})
    if errors:
        raise ValidationError(errors)


def _check_length(cells: list[str], header: list[str]) -> None:
    if len(cells) != len(header):
        raise csv.Error(f"{len(cells)} / {len(header)}")


def columns_of(model_admin: CSVAdmin) -> dict[str, bool]:
    """Return whether an import can change each column of the admin's files."""
    fields = {field.attname: field for field in model_admin.model._meta.concrete_fields}  # noqa: SLF001 - documented
    return {
        name: (field := fields.get(name)) is not None
        and (field.editable or field.primary_key)
        and not isinstance(field, FileField | JSONField)
        and not {field.name, name} & set(model_admin.readonly_fields)
        for name in model_admin.export_fields
    }


class CellWidget(Widget):
    """Conversion of cells by the field of the model, which is stricter than the widgets of the library."""

    def __init__(self, field: Field) -> None:
        super().__init__()
        self.field = field

    def clean(self, value: str, row: Any = None, **kwargs: Any) -> Any:
        if not value:
            return "" if self.field.empty_strings_allowed and not self.field.null else None
        try:
            converted = self.field.to_python(value)
        except ValidationError as error:
            # The library collects these for all columns.
            raise ValueError(" ".join(error.messages)) from error
        is_naive = isinstance(converted, datetime) and timezone.is_naive(converted)
        return timezone.make_aware(converted) if is_naive else converted

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return "" if value is None else str(value)


class RowResource(ModelResource):
    """Rows of a model; `resource_of` creates a subclass for a model admin."""

    model_admin: CSVAdmin

    def __init__(self, queryset: QuerySet[Model], user: Any = None) -> None:
        super().__init__()
        self.queryset, self.user = queryset, user
        self.seen: set[Any] = set()

    def get_queryset(self) -> QuerySet[Model]:
        return self.queryset

    def before_import_row(self, row: dict[str, str], **kwargs: Any) -> None:
        """Reject invalid and repeated primary keys; without one, the row is new."""
        (name,) = self.get_import_id_fields()
        if not row.get(name):
            row.pop(name, None)
            return
        try:
            key = self.fields[name].clean(row)
        except ValueError as error:
            raise ValidationError({name: str(error)}) from error
        if key in self.seen:
            raise ValidationError(
                {name: _("Please correct the duplicate data for %(field)s.") % {"field": name}}
            )
        self.seen.add(key)

    def do_instance_save(self, instance: Model, is_create: bool) -> None:  # noqa: FBT001 - signature of the library
        self.model_admin.import_save(instance, self.user)

    def skip_row(
        self, instance: Model, original: Any, row: Any, import_validation_errors: Any = None
    ) -> bool:
        is_new = instance._state.adding  # noqa: SLF001 - documented
        return not is_new and bool(super().skip_row(instance, original, row, import_validation_errors))


def resource_of(model_admin: CSVAdmin, *, html_diff: bool = True) -> type[RowResource]:
    """Return the resource with the columns that an import can change."""
    options = model_admin.model._meta  # noqa: SLF001 - Django's documented Options API
    names = [name for name, is_writable in columns_of(model_admin).items() if is_writable]
    fields = {field.attname: field for field in options.concrete_fields}
    columns = {
        name: Column(name, name, CellWidget(fields[name]), default=fields[name].default) for name in names
    }
    meta = {
        "clean_model_instances": True,
        "fields": names,
        "import_id_fields": [options.pk.attname],
        "skip_html_diff": not html_diff,
        "skip_unchanged": True,
    }
    resource: type[RowResource] = modelresource_factory(
        model_admin.model, RowResource, meta_options=meta, custom_fields=columns
    )
    resource.model_admin = model_admin
    return resource


class CSVFile(CSV):
    """CSV file that is uploaded to the admin."""

    def __init__(self, columns: Sequence[str] = (), encoding: str | None = None) -> None:
        super().__init__(encoding)
        self.columns = columns

    def create_dataset(self, in_stream: bytes, **kwargs: Any) -> Dataset:
        file = io.TextIOWrapper(io.BytesIO(in_stream), encoding="utf-8-sig", newline="")
        dataset = Dataset()
        for _line, cells in read_rows(file, self.columns):
            if not dataset.headers:
                dataset.headers = cells
                continue
            dataset.append(cells)
            if len(dataset) > MAX_ROWS:
                message = _("The file has more than %(limit)d rows. Use the command import_rows.")
                raise ValidationError(message % {"limit": MAX_ROWS})
        return dataset


class SessionStorage(BaseStorage):
    """The uploaded file between preview and confirmation: in the session, which all processes share."""

    KEY = "import"

    def __init__(self, session: SessionBase, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.session = session

    def save(self, data: bytes) -> None:
        self.name = uuid.uuid4().hex
        self.session[self.KEY] = {"name": self.name, "data": data.decode("latin-1")}

    def read(self) -> bytes:
        stored = self.session.get(self.KEY, {})
        if stored.get("name") != self.name:
            raise ValidationError(OUTDATED)
        data: str = stored["data"]
        return data.encode("latin-1")

    def remove(self) -> None:
        del self.session[self.KEY]


OUTDATED = _("The preview is outdated. Upload the file again.")


class UploadForm(ImportForm):
    def clean_import_file(self) -> UploadedFile:
        file: UploadedFile = self.cleaned_data["import_file"]
        if (file.size or 0) > MAX_BYTES:
            raise ValidationError(
                _("The file is larger than %(limit)d bytes. Use the command import_rows.")
                % {"limit": MAX_BYTES}
            )
        return file


class Importer(ImportMixin, admin.ModelAdmin):
    """Import pages of a model admin: upload, preview, confirmation."""

    import_form_class = UploadForm
    tmp_storage_class = SessionStorage

    def __init__(self, model_admin: CSVAdmin, request: HttpRequest) -> None:
        super().__init__(model_admin.model, model_admin.admin_site)
        self.model_admin = model_admin
        self.request = request

    def has_import_permission(self, request: HttpRequest) -> bool:
        return self.model_admin.has_import_permission(request)

    def get_tmp_storage_class_kwargs(self) -> dict[str, Any]:
        return {"session": self.request.session}

    def get_import_formats(self) -> list[Any]:
        return [partial(CSVFile, list(columns_of(self.model_admin)))]

    def get_import_resource_classes(self, request: HttpRequest) -> list[type[RowResource]]:
        return [resource_of(self.model_admin)]

    def get_import_resource_kwargs(self, request: HttpRequest, **kwargs: Any) -> dict[str, Any]:
        return {"queryset": self.model_admin.get_queryset(request), "user": request.user}

    def get_import_data_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        # The library would import the other rows.
        return {**super().get_import_data_kwargs(**kwargs), "rollback_on_validation_errors": True}

    def create_import_form(self, request: HttpRequest) -> forms.Form:
        form: forms.Form = super().create_import_form(request)
        # The widget of the theme.
        form.fields["import_file"].widget = self.model_admin.formfield_overrides[FileField]["widget"]()
        return form

    def add_data_read_fail_error_to_form(self, form: forms.Form, e: Exception) -> None:
        if not isinstance(e, ValidationError):
            raise e
        form.add_error("import_file", e)

    def process_import(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        try:
            response: HttpResponse = super().process_import(request, **kwargs)
        except ValidationError as error:
            self.message_user(request, " ".join(error.messages), messages.ERROR)
            return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_import")
        return response

    def process_result(self, result: Result, request: HttpRequest) -> HttpResponse:
        # Other requests have changed the database since the preview.
        if result.has_errors() or result.has_validation_errors():
            raise ValidationError(OUTDATED)
        response: HttpResponse = super().process_result(result, request)
        return response
