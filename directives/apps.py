from django.apps import AppConfig
from django.contrib.admin.apps import SimpleAdminConfig
from django.utils.translation import gettext_lazy as _


class DirectivesConfig(AppConfig):
    default = True
    name = "directives"
    verbose_name = _("Implementation tracker")
    default_auto_field = "django.db.models.BigAutoField"


class AdministrationConfig(SimpleAdminConfig):
    default_site = "directives.administration.site.Administration"
    verbose_name = _("Administration")
