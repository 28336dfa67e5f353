"""The conformance classes that this door keeps, by their URIs."""

_SPEC = "http://www.opengis.net/spec/"
_FEATURES = "http://www.opengis.net/spec/ogcapi-features-"
_COMMON = "http://www.opengis.net/spec/ogcapi-common-"
_CQL2 = "http://www.opengis.net/spec/cql2/1.0/conf/"

CLASSES = (
    f"{_COMMON}1/1.0/conf/core",
    f"{_COMMON}2/1.0/conf/collections",
    f"{_FEATURES}1/1.0/conf/core",
    f"{_FEATURES}1/1.0/conf/oas30",
    f"{_FEATURES}1/1.0/conf/geojson",
    f"{_FEATURES}2/1.0/conf/crs",
    f"{_FEATURES}3/1.0/conf/queryables",
    f"{_FEATURES}3/1.0/conf/queryables-query-parameters",
    f"{_FEATURES}3/1.0/conf/filter",
    f"{_FEATURES}3/1.0/conf/features-filter",
    *(f"{_FEATURES}4/1.0/conf/{name}" for name in ("create-replace-delete", "update", "optimistic-locking-etags")),
    f"{_FEATURES}5/1.0/conf/sortables",
    *(
        f"{_SPEC}ogcapi-records-1/1.0/conf/{name}"
        for name in ("record-core", "record-core-query-parameters", "json", "record-collection", "searchable-catalog")
    ),
    *(
        f"{_SPEC}ogcapi-tiles-1/1.0/conf/{name}"
        for name in ("core", "tileset", "tilesets-list", "geodata-tilesets", "mvt")
    ),
    f"{_SPEC}tms/2.0/conf/tilematrixset",
    *(
        f"{_SPEC}ogcapi-edr-1/1.0/conf/{name}"  # what OGC's executable tests of EDR ask for
        for name in ("core", "collections", "json", "geojson", "edr-geojson", "covjson", "oas30")
    ),
    *(
        f"{_SPEC}ogcapi-edr-1/1.1/conf/{name}"
        for name in ("core", "collections", "json", "geojson", "edr-geojson", "covjson", "queries", "oas30")
    ),
    *(
        f"{_SPEC}ogcapi-processes-1/1.0/conf/{name}"
        for name in ("core", "ogc-process-description", "json", "job-list", "dismiss")
    ),
    *(
        f"{_CQL2}{name}"
        for name in (
            "cql2-text",
            "cql2-json",
            "basic-cql2",
            "advanced-comparison-operators",
            "case-insensitive-comparison",
            "accent-insensitive-comparison",
            "basic-spatial-functions",
            "basic-spatial-functions-plus",
            "spatial-functions",
            "temporal-functions",
            "property-property",
        )
    ),
)
