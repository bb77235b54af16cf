"""Theme Unfold for all model admins, so that apps and packages register plain admins of Django."""

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from unfold import forms
from unfold.admin import ModelAdmin, StackedInline, TabularInline


def apply_theme() -> None:
    """Register all model admins again, with the classes of Unfold."""
    admin.site.login_form = _themed(admin.site.login_form, forms.AuthenticationForm)
    for model in filter(admin.site.is_registered, apps.get_models()):
        model_admin = _themed_admin(type(admin.site.get_model_admin(model)))
        admin.site.unregister(model)
        admin.site.register(model, model_admin)


def _themed(own: Any, theme: type, **attributes: Any) -> Any:
    """Return a class that adds a class of the theme to one of the project."""
    bases = (theme,) if issubclass(theme, own) else (own, theme)
    return type(own.__name__, bases, {"__module__": own.__module__, **attributes})


def _themed_admin(own: Any) -> Any:
    inlines = [
        _themed(inline, TabularInline if issubclass(inline, admin.TabularInline) else StackedInline)
        for inline in own.inlines
    ]
    if not issubclass(own, UserAdmin):
        return _themed(own, ModelAdmin, inlines=inlines)
    return _themed(
        own,
        ModelAdmin,
        inlines=inlines,
        add_form=_themed(own.add_form, forms.UserCreationForm),
        change_password_form=_themed(own.change_password_form, forms.AdminPasswordChangeForm),
        form=_themed(own.form, forms.UserChangeForm),
    )
