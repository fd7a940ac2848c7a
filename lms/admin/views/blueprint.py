"""The URL table of administration hangs on this."""

from flask import Blueprint

bp = Blueprint("admin", __name__, url_prefix="/admin")
