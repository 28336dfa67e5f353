"""The core @context as data (CIM 009 annex B and clause 4.4): every term of the API, so that none is asked for outside.

Made here from the standard's terms; it says the same as the published document of version 1.8.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NGSILD = "https://uri.etsi.org/ngsi-ld/"
DEFAULT = f"{NGSILD}default-context/"  # where terms are that no context explains (clause 5.5.7)
GEOJSON = "https://purl.org/geojson/vocab#"
DUBLIN_CORE = "http://purl.org/dc/terms/"
CORE_URL = f"{NGSILD}v1/ngsi-ld-core-context-v1.8.jsonld"
CORE_URLS = frozenset(
    f"{scheme}://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context{version}.jsonld"
    for scheme in ("https", "http")
    for version in ("", *(f"-v1.{minor}" for minor in range(3, 10)))
)
_TYPES = """
Attribute AttributeList ContextSourceIdentity ContextSourceNotification ContextSourceRegistration Date DateTime
EntityType EntityTypeInfo EntityTypeList GeoProperty JsonProperty LanguageProperty ListProperty ListRelationship
Notification Property Relationship Subscription TemporalProperty Time VocabProperty
"""
_SHAPES = """
Feature FeatureCollection GeometryCollection LineString MultiLineString MultiPoint MultiPolygon Point Polygon geometry
properties
"""
_PLAIN = """
accept attrs cacheDuration contextSourceAlias contextSourceInfo contextSourceUptime cooldown csf data detail endpoint
entities entity entityCount error errors format geoQ geoproperty georel idPattern information isActive join jsonKeys
lang linkedMaps localOnly location management managementInterval mode notUpdated notification notificationTrigger
notifierInfo observationInterval observationSpace omit operationSpace operations pick q reason receiverInfo
refreshRate registrationId registrationName scope scopeQ showChanges status subscriptionName sysAttrs temporalQ
throttling timeInterval timeout timeproperty timerel timesFailed timesSent triggerReason unchanged unitCode updated uri
"""
_MOMENTS = """
contextSourceTimeAt createdAt deletedAt endAt endTimeAt expiresAt lastFailure lastNotification lastSuccess modifiedAt
notifiedAt observedAt startAt timeAt
"""
_VOCABULARY = """
attributeList attributeName attributeNames attributeTypes attributes propertyNames relationshipNames typeList typeName
typeNames watchedAttributes
"""
_URIS = "datasetId entityId instanceId subscriptionId success tenant"
_LISTS = "avg distinctCount entityList jsons max min stddev sum sumsq totalCount"
_RENAMED: Mapping[str, Any] = {
    "attributeCount": "ngsi-ld:attributeCount",
    "attributeDetails": "ngsi-ld:attributeDetails",
    "bbox": {"@id": "geojson:bbox", "@container": "@list"},
    "containedBy": "ngsi-ld:isContainedBy",
    "contextSourceExtras": {"@id": "ngsi-ld:contextSourceExtras", "@type": "@json"},
    "coordinates": {"@id": "geojson:coordinates", "@container": "@list"},
    "dataset": {"@id": "ngsi-ld:hasDataset", "@container": "@index"},
    "description": f"{DUBLIN_CORE}description",
    "entityMap": "ngsi-ld:hasEntityMap",
    "features": {"@id": "geojson:features", "@container": "@set"},
    "joinLevel": "ngsi-ld:hasJoinLevel",
    "json": {"@id": "ngsi-ld:hasJSON", "@type": "@json"},
    "key": "ngsi-ld:hasKey",
    "objectType": {"@id": "ngsi-ld:hasObjectType", "@type": "@vocab"},
    "previousJson": {"@id": "ngsi-ld:hasPreviousJson", "@type": "@json"},
    "title": f"{DUBLIN_CORE}title",
    "previousValue": "ngsi-ld:hasPreviousValue",
    "value": "ngsi-ld:hasValue",
}
_MANY: Mapping[str, Mapping[str, str]] = {  # terms that are called has…, by what their values are
    "@id": {"object": "hasObject", "previousObject": "hasPreviousObject"},
    "@vocab": {"vocab": "hasVocab", "previousVocab": "hasPreviousVocab"},
}
_HELD: Mapping[str, Mapping[str, str]] = {
    "@language": {"languageMap": "hasLanguageMap", "previousLanguageMap": "hasPreviousLanguageMap"},
    "@list": {
        "languageMaps": "hasLanguageMaps",
        "objectList": "hasObjectList",
        "objectLists": "hasObjectLists",
        "objects": "hasObjects",
        "previousObjectList": "hasPreviousObjectList",
        "previousValueList": "hasPreviousValueList",
        "valueList": "hasValueList",
        "valueLists": "hasValueLists",
        "values": "hasValues",
        "vocabs": "hasVocabs",
    },
}


def core_context() -> dict[str, Any]:
    """Return the core context as it is written under ``@context``."""
    terms: dict[str, Any] = {
        "@version": 1.1,
        "@protected": True,
        "ngsi-ld": NGSILD,
        "geojson": GEOJSON,
        "id": "@id",
        "type": "@type",
    }
    terms |= {name: f"ngsi-ld:{name}" for name in (*_TYPES.split(), *_PLAIN.split())}
    terms |= {name: f"geojson:{name}" for name in _SHAPES.split()}
    for names, kind in ((_MOMENTS, "DateTime"), (_VOCABULARY, "@vocab"), (_URIS, "@id")):
        terms |= {name: {"@id": f"ngsi-ld:{name}", "@type": kind} for name in names.split()}
    terms |= {name: {"@id": f"ngsi-ld:{name}", "@container": "@list"} for name in _LISTS.split()}
    for kind, named in _MANY.items():
        terms |= {name: {"@id": f"ngsi-ld:{called}", "@type": kind} for name, called in named.items()}
    for held, named in _HELD.items():
        terms |= {name: {"@id": f"ngsi-ld:{called}", "@container": held} for name, called in named.items()}
    return {**terms, **_RENAMED, "@vocab": DEFAULT}
