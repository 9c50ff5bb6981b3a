"""Settings, all from the environment. Safe by default: whatever gives access has to be asked for.

DATABASE_URL    default: SQLite at var/db.sqlite3
DATABASE_POOL   connections of each worker process to PostgreSQL; default: 10
VAR_DIR         the folder of all that this installation keeps; default: var
STATIC_ROOT     where `collectstatic` puts what browsers load; default: staticfiles
SECRET_KEY      default: what var/secret_key says (`make run` makes one); without, no start
SECRET_KEY_FALLBACKS  former keys, whose signatures still count (comma separated); default: none
DEBUG           default: off
LOG_LEVEL       of all but the audit log; default: WARNING
AUDIT_LOG       stdout, stderr, off, or the path of a file; default: stdout, for commands stderr,
                for `manage.py demo` off
TIME_ZONE       default: UTC
ALLOWED_HOSTS   default: this machine only (comma separated)
PUBLIC_URL      scheme and host that machine clients are told; default: those of the request
HTTPS           on behind TLS: secure cookies, HSTS; default: on if PUBLIC_URL is https, else off
HSTS_INCLUDE_SUBDOMAINS  HSTS also for all hosts below this one; default: off
HSTS_PRELOAD    consent to the browsers' built-in list of HTTPS hosts; default: off
TRUSTED_PROXY   on behind a proxy that sets X-Forwarded-Proto and appends to X-Forwarded-For;
                default: off
PROXY_COUNT     how many such proxies a request passes, one after the other; default: 1
CORS_ORIGINS    origins whose pages may use the APIs in a browser (comma separated, as
                https://suite.example); default: none
SECURITY_CONTACT  e-mail or https address for reports of weaknesses; default: none, no security.txt
SIGN_IN_FAILURES_PER_ADDRESS  wrong passwords from one address in 15 minutes, for whatever names,
                before it is locked out; default: 100; 0 is no limit
SESSION_HOURS   how long a session of the Message API lives; default: 24
DAILY_API_REQUESTS   allocation of each licensee on the Connect API; default: 1,000,000
API_REQUESTS_A_SECOND  burst limit of each licensee there; default: 0, off
REDIS_URL       where all workers count both together; default: none, each for itself
MAX_BODY_BYTES  largest request body, also after inflation; default: 16 MiB
LOCK_SECONDS    how long a request waits for another's lock, or for a connection to the database;
                default: 10
STATEMENT_SECONDS   how long PostgreSQL works on one statement of a request; default: 30 (0: as
                long as it takes)
WEB_THREADS     requests that a worker process answers at once; default: 8
STREAMS_PER_WORKER  streams of JSON Lines that are open in a worker process; default: 32
STREAMS_PER_CLIENT  of them, those of one client; default: 8

PORT and WEB_CONCURRENCY are gunicorn's: see commsapp/server/gunicorn_conf.py.
"""

import os
from pathlib import Path
from urllib.parse import urlsplit

import environ
from corsheaders.defaults import default_headers
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from commsapp.db import configuration
from commsapp.logs import formatting

os.umask(0o077)  # the database, the secrets and the uploads are for no other user of the machine

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
VAR_DIR = Path(env.str("VAR_DIR", default=str(BASE_DIR / "var")))  # database, secrets


def _secret_key() -> str:
    key: str = env.str("SECRET_KEY", default="")
    if key:
        return key
    try:
        return (VAR_DIR / "secret_key").read_text().strip()
    except FileNotFoundError:
        raise ImproperlyConfigured(
            "Set SECRET_KEY in the environment, or let `make run` write var/secret_key."
        ) from None


SECRET_KEY = _secret_key()
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
DEBUG = env.bool("DEBUG", default=False)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
PUBLIC_URL = env.str("PUBLIC_URL", default="").rstrip("/")
HTTPS = env.bool("HTTPS", default=PUBLIC_URL.startswith("https://"))

INSTALLED_APPS = [
    "commsapp",  # before the admin, so that our templates come first
    "contacts",
    "groups",
    "quotes",
    "commsapp.staff.apps.StaffAdminConfig",  # django.contrib.admin
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "commsapp.static_files.CollectedFilesConfig",  # django.contrib.staticfiles
    "axes",
    "corsheaders",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "oauth2_provider",
    "rest_framework",
]

MIDDLEWARE = [
    "commsapp.middleware.error_handling.CompressionMiddleware",
    "commsapp.middleware.error_handling.ErrorMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "commsapp.middleware.error_handling.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "commsapp.middleware.body_limits.RequestBodyMiddleware",  # before the first that reads a form
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "commsapp.urls"
WSGI_APPLICATION = "commsapp.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "commsapp.template_loading.FilesystemLoader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                ),
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- Database -------------------------------------------------------------------------------

LOCK_SECONDS = env.float("LOCK_SECONDS", default=10)  # then the answer is "try again"
STATEMENT_SECONDS = env.float("STATEMENT_SECONDS", default=30)  # see db/statement_timeout.py
WEB_THREADS = env.int("WEB_THREADS", default=8)  # of a worker: most may wait for the database

DATABASES = {
    "default": configuration.configure(
        env.db("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'db.sqlite3'}"),
        lock_seconds=LOCK_SECONDS,
        pool_size=env.int("DATABASE_POOL", default=10),
    )
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- People and clients ---------------------------------------------------------------------

AUTH_USER_MODEL = "commsapp.User"
AUTHENTICATION_BACKENDS = [
    "commsapp.http.sign_in_limits.SignInBackend",  # first: a locked-out name is not tried
    "django.contrib.auth.backends.ModelBackend",  # for permissions
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
AXES_FAILURE_LIMIT = 10  # for a name from an address
SIGN_IN_FAILURES_PER_ADDRESS = env.int("SIGN_IN_FAILURES_PER_ADDRESS", default=100)
AXES_COOLOFF_TIME = 0.25  # hours, in which failures are counted
AXES_HANDLER = "commsapp.http.sign_in_limits.SignInFailures"
AXES_CLIENT_IP_CALLABLE = "commsapp.http.client_address.client_network"
AXES_LOCKOUT_CALLABLE = "commsapp.staff.sign_in.locked_out"
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_DISABLE_ACCESS_LOG = True  # of those who got in: it would grow with each, and has no reader

OAUTH2_PROVIDER_APPLICATION_MODEL = "commsapp.Client"
OAUTH2_PROVIDER_ACCESS_TOKEN_MODEL = "oauth2_provider.AccessToken"  # named for our migrations
OAUTH2_PROVIDER = {
    "SCOPES": {"api": "Use the API", "refresh_token": "Stay signed in"},
    "DEFAULT_SCOPES": ["api"],
    "ACCESS_TOKEN_EXPIRE_SECONDS": 2 * 60 * 60,
    "REFRESH_TOKEN_EXPIRE_SECONDS": 90 * 24 * 60 * 60,
    # RFC 9700, as strict as it goes: only a token's hash is kept; no password or implicit grant;
    # no token in a query string.
    "COMPLIANT_BCP_RFC9700_TOKEN_STORAGE": True,
    "COMPLIANT_BCP_RFC9700_PASSWORD_GRANT": True,
    "COMPLIANT_BCP_RFC9700_IMPLICIT_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PKCE_METHOD": True,
    "COMPLIANT_BCP_RFC9700_ACCESS_TOKEN_TRANSPORT": True,
    "COMPLIANT_BCP_RFC9700_AUTHZ_RESPONSE_ISS": True,
    "ALLOWED_REDIRECT_URI_SCHEMES": ["https"] if HTTPS else ["http", "https"],
    "CLIENT_SECRET_HASHER": "commsapp_sha256",
    "OAUTH2_VALIDATOR_CLASS": "commsapp.api.oauth.validators.RequestValidator",
    "PKCE_REQUIRED": True,
    "REFRESH_TOKEN_REUSE_PROTECTION": True,
}
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    "commsapp.api.oauth.hashers.SecretHasher",
]

STREAMS_PER_WORKER = env.int("STREAMS_PER_WORKER", default=32)
STREAMS_PER_CLIENT = env.int("STREAMS_PER_CLIENT", default=8)
SESSION_HOURS = env.float("SESSION_HOURS", default=24)  # of the Message API
DAILY_API_REQUESTS = env.int("DAILY_API_REQUESTS", default=1_000_000)
API_REQUESTS_A_SECOND = env.int("API_REQUESTS_A_SECOND", default=0)
REDIS_URL = env.str("REDIS_URL", default="")
if REDIS_URL and not REDIS_URL.startswith(("redis://", "rediss://", "unix://")):
    raise ImproperlyConfigured("REDIS_URL begins with redis://, rediss:// or unix://.")

# --- Security -------------------------------------------------------------------------------

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
# A browser takes a cookie of such a name only from this very host, over TLS. `ss-id` has no such
# prefix: clients know it by its documented name.
COOKIE_PREFIX = "__Host-" if HTTPS else ""
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}sessionid", f"{COOKIE_PREFIX}csrftoken"
MESSAGE_STORAGE = "commsapp.staff.message_storage.PrefixedStorage"
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.bool("HSTS_INCLUDE_SUBDOMAINS", default=False)
SECURE_HSTS_PRELOAD = env.bool("HSTS_PRELOAD", default=False)
TRUSTED_PROXY = env.bool("TRUSTED_PROXY", default=False)
PROXY_COUNT = env.int("PROXY_COUNT", default=1)
if PROXY_COUNT < 1:
    raise ImproperlyConfigured("PROXY_COUNT is at least 1.")
if TRUSTED_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL] if PUBLIC_URL else []
SECURITY_CONTACT = env.str("SECURITY_CONTACT", default="")
# W008: the proxy that ends TLS redirects people; an API never answers with a redirect.
# W005, W021: whether all hosts below this one have TLS, and for how long, only their owner knows.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W008", "security.W021"]


def _origins() -> list[str]:
    """Scheme and host each, as a browser words an Origin; anything else would never match."""
    origins = [origin.rstrip("/").lower() for origin in env.list("CORS_ORIGINS", default=[])]
    for origin in origins:
        parts = urlsplit(origin)
        whole = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        if parts.scheme not in ("http", "https") or not parts.hostname or origin != whole:
            raise ImproperlyConfigured(f"CORS_ORIGINS: “{origin}” is not a scheme and a host.")
    return origins


CORS_ALLOWED_ORIGINS = _origins()
CORS_ALLOW_CREDENTIALS = True
CORS_URLS_REGEX = (  # those of the APIs
    r"(?i)^/(services/(?!oauth2/authorize)|(api|auth|types|metadata|json|jsonl|xml|csv|other)(/|$))"
)
CORS_ALLOW_METHODS = ("DELETE", "GET", "OPTIONS", "PATCH", "POST")
CORS_ALLOW_HEADERS = (
    *default_headers, "content-encoding", "idempotency-key", "if-match", "if-none-match",
    "if-unmodified-since", "x-prettyprint", "x-ss-id",
)  # fmt: skip
CORS_EXPOSE_HEADERS = (
    "Allow", "ETag", "Link", "Location", "Retry-After", "Sforce-Limit-Info", "WWW-Authenticate",
    "X-AutoBatch-Completed", "X-Request-Id",
)  # fmt: skip
CORS_PREFLIGHT_MAX_AGE = 600  # seconds
if CORS_ALLOWED_ORIGINS:  # after the middleware that answers errors of all the others
    MIDDLEWARE.insert(2, "corsheaders.middleware.CorsMiddleware")
DEFAULT_EXCEPTION_REPORTER_FILTER = "commsapp.logs.redaction.ReporterFilter"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
MAX_BODY_BYTES = env.int("MAX_BODY_BYTES", default=16 * 1024 * 1024)
MAX_SIGN_IN_BODY_BYTES = 64 * 1024  # of whoever has not signed in, on every address
MAX_FORM_CHARACTERS = 1_000_000  # of a staff form's fields together, files apart; pages may differ
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_BODY_BYTES
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000

# --- REST API ------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "commsapp.api.authentication.TokenAuthentication",
        "commsapp.api.authentication.BrowserAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["commsapp.api.permissions.ModelPermission"],
    "DEFAULT_RENDERER_CLASSES": ["commsapp.api.rest.renderers.StoredJSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["commsapp.api.parsers.StrictJSONParser"],
    "DEFAULT_PAGINATION_CLASS": "commsapp.api.rest.pagination.KeysetPagination",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "commsapp.api.rest.exceptions.handle",
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "commsapp.api.negotiation.FirstRendererNegotiation",
    "URL_FORMAT_OVERRIDE": None,
    "COERCE_DECIMAL_TO_STRING": True,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "commsapp",
    "DESCRIPTION": "Sell communications services to groups of recipients.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,  # what is read-only is in no request
    "DEFAULT_GENERATOR_CLASS": "commsapp.api.openapi.views.Generator",
    "PREPROCESSING_HOOKS": [
        "commsapp.api.openapi.views.without_slash",
        "commsapp.api.message.schema.documented_endpoints",
    ],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "commsapp.api.connect.schema.complete_document",
        "commsapp.api.rest.schema.complete_document",
        "commsapp.api.openapi.views.with_single_examples",
    ],
    "APPEND_COMPONENTS": {
        "securitySchemes": {
            "client": {
                "type": "http",
                "scheme": "basic",
                "description": "The client's id and secret; the form may have them instead.",
            }
        }
    },
}

# --- Text, time, files ----------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]  # of the staff side; machines speak English
LANGUAGE_COOKIE_NAME = f"{COOKIE_PREFIX}language"
LANGUAGE_COOKIE_AGE = 365 * 24 * 60 * 60
LANGUAGE_COOKIE_SECURE, LANGUAGE_COOKIE_HTTPONLY, LANGUAGE_COOKIE_SAMESITE = HTTPS, True, "Lax"
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["commsapp.formats"]  # dates that read the same on both sides of the Atlantic
TIME_ZONE = env.str("TIME_ZONE", default="UTC")
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(BASE_DIR / "staticfiles")))
STATICFILES_DIRS = [BASE_DIR / "static"]
# What is collected there is public, and a proxy with a user of its own may serve it.
FILE_UPLOAD_PERMISSIONS, FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o644, 0o755
WHITENOISE_USE_FINDERS = DEBUG
# Source maps are large and nobody's browser asks for them compressed.
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = ("png", "jpg", "gif", "webp", "woff", "woff2", "map")
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "commsapp.static_files.CollectedFilesStorage"
    },
}

LOGGING = formatting.configure(
    level=env.str("LOG_LEVEL", default="WARNING"), audit=env.str("AUDIT_LOG", default="stdout")
)
