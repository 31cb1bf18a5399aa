"""Settings.

Every value an office may change comes from the environment or a .env file; README.md lists them.
"""

import os
from pathlib import Path

from csp.constants import NONCE, NONE, SELF
from django.core.management.utils import get_random_secret_key
from django.utils.translation import gettext_lazy as _
from import_export.formats.base_formats import CSV, XLSX

from qunzhu_tracker.databases import databases
from qunzhu_tracker.environment import Environment, demand, demand_private
from qunzhu_tracker.files import file_storage

BASE_DIR = Path(__file__).resolve().parent.parent
env = Environment()
env.read_dotenv("QUNZHU_DOTENV", BASE_DIR / ".env")

# "local" is what `make run` uses; "production" demands real secrets and HTTPS and refuses the demo
# data.
ENVIRONMENT = env.choice("QUNZHU_ENV", ("local", "production"), default="local")
PRODUCTION = ENVIRONMENT == "production"
if PRODUCTION:
    os.umask(0o077)  # whatever this process writes is its user's alone
VAR_DIR = env.folder("QUNZHU_VAR", default=BASE_DIR / "var")
DEBUG = env.bool("DEBUG", default=False)
WEB = env.str("QUNZHU_PROCESS", default="") == "web"  # wsgi.py says when this is a web process
PORT = env.int("PORT", default=8000, least=1, most=65535)  # of `manage.py serve`


def _local_secret():
    """A secret kept in var/, so that sessions survive a restart of the local server."""
    path = VAR_DIR / "secret_key"
    if not path.exists() or not path.stat().st_size:  # a full disk leaves an empty one
        path.write_text(get_random_secret_key(), encoding="ascii")
        path.chmod(0o600)
    return path.read_text(encoding="ascii")


SECRET_KEY = env.str("SECRET_KEY", default="")
if not (SECRET_KEY or PRODUCTION):
    SECRET_KEY = env.kept_in("QUNZHU_VAR", _local_secret)
SECRET_KEY_FALLBACKS = env.list(
    "SECRET_KEY_FALLBACKS", default=[]
)  # old ones, while one is replaced
ALLOWED_HOSTS = env.list(
    "ALLOWED_HOSTS", default=[] if PRODUCTION else ["127.0.0.1", "localhost", "[::1]", "testserver"]
)
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
demand(env, production=PRODUCTION, debug=DEBUG)
if PRODUCTION:
    demand_private("QUNZHU_VAR", VAR_DIR)
ADMIN_PATH = "admin/"
ROOT_URLCONF = "qunzhu_tracker.urls"
WSGI_APPLICATION = "qunzhu_tracker.wsgi.application"

INSTALLED_APPS = [
    "directives",
    # Urls.py discovers the admin, so that commands start without it.
    "directives.apps.AdministrationConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "django_htmx",
    "import_export",
    "django_tasks",
    "django_tasks_db",
]

MIDDLEWARE = [
    # The first: no answer is without the id of its request.
    "directives.web.middleware.OriginMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "directives.web.middleware.PageCompressionMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "directives.web.middleware.TodayMiddleware",
    "directives.web.middleware.UnstorableInputMiddleware",
    "directives.signin.entry.EntryMiddleware",
    "directives.base.replicas.ReplicaMiddleware",  # the last: it carries out the view
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "directives.web.template_loader.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "directives.web.context.shell",
            ],
        },
    }
]

# SQLite in var/ unless DATABASE_URL names a PostgreSQL.
DATABASES = databases(env, var=VAR_DIR, web=WEB)
DB_PGBOUNCER = env.bool("DB_PGBOUNCER", default=False)
MIGRATION_LOCK_TIMEOUT = env.int("DB_MIGRATION_LOCK_TIMEOUT", default=3)  # seconds
REPLICAS = [name for name in DATABASES if name.startswith("replica")]
REPLICA_MAX_LAG = env.int(
    "REPLICA_MAX_LAG", default=60
)  # seconds; one that is further behind is not read
DATABASE_ROUTERS = ["directives.base.replicas.Router"] if REPLICAS else []

AUTH_USER_MODEL = "directives.User"
AUTHENTICATION_BACKENDS = ["directives.accounts.Door"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
# "dengbao" is level 3 of GB/T 22239: kinds of characters, an age, a history.
PASSWORD_PROFILE = env.choice("PASSWORD_PROFILE", ("standard", "dengbao"), default="standard")
DENGBAO = PASSWORD_PROFILE == "dengbao"  # noqa: S105 - a profile
PASSWORD_DAYS = 90 if DENGBAO else 0  # after which a new one is asked for; 0: never
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {
            "user_attributes": (
                "username",
                "full_name",
                "first_name",
                "last_name",
                "email",
                "phone",
            )
        },
    },
    {"NAME": "directives.signin.passwords.LongEnough", "OPTIONS": {"min_length": 12}},
    {"NAME": "directives.signin.passwords.NotCommon"},
    {"NAME": "directives.signin.passwords.NotHadBefore", "OPTIONS": {"last": 5 if DENGBAO else 1}},
]
if DENGBAO:
    AUTH_PASSWORD_VALIDATORS.append({"NAME": "directives.signin.passwords.Mixed"})
CSRF_FAILURE_VIEW = "directives.web.doors.out_of_date"
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "directives.accounts.ClosedDoorAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # strangers get no mail
ACCOUNT_LOGOUT_REDIRECT_URL = "/accounts/login/"
ACCOUNT_SESSION_REMEMBER = False
# Passwords that fail are counted by signin/limits.py; what counts successes too would lock out an
# office behind one address.
ACCOUNT_RATE_LIMITS = {"login": None, "login_failed": "5/300s/key"}
MFA_RATE_LIMITS = {"webauthn_login": "300/m/ip"}
# X-Forwarded-For is believed from these alone; so many proxies in front have each added an address
# to it.
PROXIES = env.int("PROXIES", default=1 if PRODUCTION else 0, most=10)
TRUSTED_PROXIES = env.networks("TRUSTED_PROXIES", default=["127.0.0.1", "::1"])
MFA_ADAPTER = "directives.signin.factors.FactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_TOLERANCE = 1  # steps of 30 seconds by which a telephone's clock may be wrong
# Who needs a second factor, and how many sign-ins they have to set one up.
SECOND_FACTOR = env.words(
    "SECOND_FACTOR",
    ("administrator", "auditor", "supervisor"),
    default=["administrator", "auditor", "supervisor"] if PRODUCTION else [],
)
SECOND_FACTOR_GRACE = env.int("SECOND_FACTOR_GRACE", default=3, most=100)
# Secrets of second factors are encrypted by the first of these; the others, and SECRET_KEY, still
# open what they closed.
FACTOR_KEYS = env.list("FACTOR_KEYS", default=[])
# The three duties of the installation (directives/base/duties.py) are held by three people, and an
# auditor has no role in a body.
SEPARATE_DUTIES = env.bool("SEPARATE_DUTIES", default=PRODUCTION)
# A new right to supervise, administer or audit is given by one person and confirmed by a second.
CONFIRM_RIGHTS = env.bool("CONFIRM_RIGHTS", default=PRODUCTION)
SESSION_IDLE_MINUTES = env.int("SESSION_IDLE_MINUTES", default=30, least=1, most=1440)
SESSION_HOURS = env.int("SESSION_HOURS", default=12, least=1, most=168)

# The admin's import and export: what people have, and nothing that runs.
IMPORT_FORMATS = EXPORT_FORMATS = [CSV, XLSX]

# Sign-in limits are counted in a cache that every worker shares.
# A third of it is thrown away when it is full: nobody makes room for their own attempts by filling
# it.
CACHES = {
    "default": {
        "BACKEND": "directives.base.caching.StrictDatabaseCache",
        "LOCATION": "cache",
        "OPTIONS": {"MAX_ENTRIES": 10_000},
    }
}
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": []}}

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("zh-hant", "繁體中文"), ("en", "English")]
LANGUAGE_COOKIE_NAME = "language"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LOCALE_PATHS = [BASE_DIR / "directives" / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"

STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"  # what collectstatic gathers for production
STATIC_ROOT.mkdir(exist_ok=True)
MEDIA_ROOT = VAR_DIR / "files"
# `manage.py serve` collects them, too: a web process serves what was collected, under names that
# change with the content.
COLLECTED = PRODUCTION or (WEB and not DEBUG and (STATIC_ROOT / "staticfiles.json").exists())
WHITENOISE_USE_FINDERS = not COLLECTED
_static = (
    "whitenoise.storage.CompressedManifestStaticFilesStorage"
    if COLLECTED
    else "django.contrib.staticfiles.storage.StaticFilesStorage"
)
STORAGES = {
    "default": file_storage(env),
    "staticfiles": {"BACKEND": _static},
}
UPLOAD_LIMIT = 20 * 1024 * 1024  # bytes, one evidence file
UPLOAD_TYPES = (
    "pdf",
    "docx",
    "doc",
    "xlsx",
    "xls",
    "pptx",
    "ppt",
    "wps",
    "et",
    "txt",
    "csv",
    "png",
    "jpg",
    "jpeg",
    "ofd",
    "zip",
)
CLAMD = env.listener("CLAMD")  # ClamAV's daemon, which looks at every upload
INTAKE_LIMIT = 20 * 1024 * 1024  # bytes, one table brought in
INTAKE_DAYS = 30  # for which the file and its rows are kept
FILE_UPLOAD_HANDLERS = [
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "directives.base.uploads.FullDiskHandler",
]
# Where the worker keeps the daily backups; empty: a timer makes them (manage.py backup --into).
BACKUP_DIR = env.str("BACKUP_DIR", default="" if PRODUCTION else str(VAR_DIR / "backups"))
# What is known of the audit record outside its database: the key of the next seal, and the mark of
# the last one.
AUDIT_DIR = env.folder("AUDIT_DIR", default=VAR_DIR / "record")
AUDIT_ANCHORS = env.anchors("AUDIT_ANCHORS")  # where the mark is told every quarter of an hour
DATA_UPLOAD_MAX_MEMORY_SIZE = 25 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000  # an issue of every directive to every body is one form

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_ENGINE = "directives.accounts"  # Django's sessions in the database, read in fewer steps
SESSION_COOKIE_HTTPONLY = True
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]  # a proxy asks over plain HTTP
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=PRODUCTION)
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=365 * 24 * 3600 if PRODUCTION else 0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_SECONDS > 0
SILENCED_SYSTEM_CHECKS = [
    "security.W021"
]  # whether browsers ship with the name of the site is its owner's to ask for
FILE_UPLOAD_PERMISSIONS, FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o600, 0o700
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PRODUCTION else None

# Mail: EMAIL_URL as smtp://user:password@host:port; without it, local mail is written to var/mail/.
if mail := env.mail("EMAIL_URL"):
    vars().update(mail)
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = VAR_DIR / "mail"
DEFAULT_FROM_EMAIL = env.sender("DEFAULT_FROM_EMAIL", default="qunzhu@localhost")
SITE_URL = env.address("SITE_URL", default="http://127.0.0.1:8000")

# Everything worth reading goes to the terminal; Django's own default would show a page's failure to
# nobody.
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "%(asctime)s [%(origin)s] %(levelname)s %(name)s: %(message)s"}
    },
    "filters": {
        "one line": {"()": "directives.base.log_lines.OneLine"},
        "from where": {"()": "directives.base.log_lines.FromWhere"},
    },
    "handlers": {
        "terminal": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["one line", "from where"],
        }
    },
    "root": {"handlers": ["terminal"], "level": env.choice("LOG_LEVEL", LEVELS, default="WARNING")},
    "loggers": {"django": {"handlers": [], "level": "INFO"}},
}

# Working days. README.md says what each does to the lights.
ACKNOWLEDGE_DAYS = env.int("ACKNOWLEDGE_DAYS", default=3, most=1000)
NEAR_DAYS = env.int("NEAR_DAYS", default=5, most=1000)
BEHIND_TOLERANCE = env.int("BEHIND_TOLERANCE", default=10, most=100)  # percentage points
SILENT_DAYS = env.int("SILENT_DAYS", default=90, least=1, most=10_000)  # calendar days

SITE_NAME = _("Implementation tracker")
