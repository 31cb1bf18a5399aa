from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import Group
from django.urls import include, path

admin.autodiscover()
# What administrators may do is not theirs to widen; addresses and second factors are each person's own.
for model in (Group, EmailAddress, Authenticator):
    admin.site.unregister(model)

urlpatterns = [
    path("", include("directives.urls")),
    path("accounts/", include("allauth.urls")),
    path(settings.ADMIN_PATH, admin.site.urls),
]

handler500 = "directives.views.outages.failed"
