"""ckan: the CKAN action API 3 under ``/api/3/action`` (and ``/api/action``, which ckanapi calls).

Packages are datasets, their resources the files that a dataset offers; the table of a dataset is the resource of the
dataset's own id, which ``datastore_search`` and ``datastore_search_sql`` read. What is not offered is refused by name.
Does not belong here: what a dataset is (catalogue), who may (guard), how rows are read (store).
Reads every dataset that the asker may read; writes cards and releases through the catalogue.
"""

from lifang.doors.ckan.routes import router
from lifang.doors.http import Door

__all__ = ["router", "spec"]

spec = Door("ckan", "CKAN 接口", "CKAN", "CKAN action API 3", order=30)
