"""ckan: the CKAN action API 3 under ``/api/3/action`` (and ``/api/action``, which ckanapi calls).

Packages are datasets, their resources the files that a dataset offers; the table of a dataset is the resource of the
dataset's own id, which ``datastore_search``, ``datastore_search_sql`` and ``/datastore/dump`` read. What is not offered
is refused by name.
Does not belong here: what a dataset is (catalogue), who may (guard), how rows are read (store).
Reads every dataset that the asker may read; writes cards and releases through the catalogue.
"""

from lifang.doors.ckan.actions import TAKE_FILES
from lifang.doors.ckan.routes import PREFIXES, router
from lifang.doors.http import Door

__all__ = ["PREFIXES", "TAKE_FILES", "router", "spec"]

spec = Door("ckan", "CKAN 接口", "CKAN", "CKAN action API 3", order=30)
