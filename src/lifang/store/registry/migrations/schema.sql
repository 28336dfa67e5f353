CREATE TABLE actuator (
	id TEXT NOT NULL, 
	number INTEGER NOT NULL, 
	thing TEXT NOT NULL, 
	zh TEXT NOT NULL, 
	en TEXT NOT NULL, 
	description TEXT NOT NULL, 
	encoding TEXT NOT NULL, 
	metadata TEXT, 
	classification TEXT NOT NULL, 
	properties TEXT, 
	created INTEGER NOT NULL, 
	CONSTRAINT pk_actuator PRIMARY KEY (id), 
	CONSTRAINT uq_actuator_number UNIQUE (number)
)
 STRICT
;

CREATE TABLE agreement (
	id TEXT NOT NULL, 
	dataset TEXT NOT NULL, 
	subject TEXT NOT NULL, 
	applicant TEXT NOT NULL, 
	organisation TEXT NOT NULL, 
	for_organisation INTEGER NOT NULL, 
	purpose TEXT NOT NULL, 
	fields TEXT, 
	rows TEXT, 
	until INTEGER NOT NULL, 
	state TEXT NOT NULL, 
	reasons TEXT NOT NULL, 
	assessment TEXT NOT NULL, 
	reviewer TEXT NOT NULL, 
	asked INTEGER NOT NULL, 
	due INTEGER NOT NULL, 
	since INTEGER, 
	reviewed INTEGER, 
	ended INTEGER, 
	updated INTEGER NOT NULL, 
	CONSTRAINT pk_agreement PRIMARY KEY (id)
)
 STRICT
;

CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);

INSERT INTO "alembic_version" VALUES('0022');

CREATE TABLE "alert" (
	id TEXT NOT NULL, 
	scene TEXT NOT NULL, 
	rule TEXT NOT NULL, 
	resource TEXT NOT NULL, 
	severity TEXT NOT NULL, 
	state TEXT NOT NULL, 
	opened INTEGER NOT NULL, 
	fired INTEGER, 
	cleared INTEGER, 
	acknowledged INTEGER, 
	acknowledged_by TEXT, 
	closed INTEGER, 
	closed_by TEXT, 
	value REAL, 
	zh TEXT NOT NULL, 
	en TEXT NOT NULL, 
	detail TEXT, 
	classification TEXT NOT NULL, 
	updated INTEGER NOT NULL, 
	CONSTRAINT pk_alert PRIMARY KEY (id)
)
 STRICT
;

CREATE TABLE assessment (
	id TEXT NOT NULL, 
	agreement TEXT NOT NULL, 
	dataset TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	form TEXT NOT NULL, 
	answers TEXT, 
	acceptable INTEGER NOT NULL, 
	subject TEXT NOT NULL, 
	recorded INTEGER NOT NULL, 
	CONSTRAINT pk_assessment PRIMARY KEY (id), 
	CONSTRAINT fk_assessment_agreement FOREIGN KEY(agreement) REFERENCES agreement (id) DEFERRABLE INITIALLY DEFERRED, 
	CONSTRAINT uq_assessment_agreement_version UNIQUE (agreement, version)
)
 STRICT
;

CREATE TABLE change (
	seq INTEGER NOT NULL, 
	dataset TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	"by" TEXT NOT NULL, 
	recorded INTEGER NOT NULL, 
	audience TEXT NOT NULL, 
	detail TEXT, 
	CONSTRAINT pk_change PRIMARY KEY (seq)
)
 STRICT
;

CREATE TABLE command (
	id TEXT NOT NULL, 
	number INTEGER NOT NULL, 
	capability TEXT NOT NULL, 
	device TEXT NOT NULL, 
	queue TEXT NOT NULL, 
	state TEXT NOT NULL, 
	parameters TEXT, 
	expect TEXT, 
	subject TEXT NOT NULL, 
	idempotency TEXT NOT NULL, 
	created INTEGER NOT NULL, 
	deadline INTEGER NOT NULL, 
	sent INTEGER, 
	finished INTEGER, 
	reason TEXT, 
	result TEXT, 
	history TEXT, 
	CONSTRAINT pk_command PRIMARY KEY (id), 
	CONSTRAINT uq_command_number UNIQUE (number), 
	CONSTRAINT fk_command_capability FOREIGN KEY(capability) REFERENCES tasking_capability (id) DEFERRABLE INITIALLY DEFERRED
)
 STRICT
;

CREATE TABLE connector (
	id TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	digest TEXT NOT NULL, 
	paused INTEGER NOT NULL, 
	checkpoint TEXT, 
	counts TEXT, 
	troubles TEXT, 
	failures INTEGER NOT NULL, 
	newest INTEGER, 
	attempted INTEGER, 
	succeeded INTEGER, 
	created INTEGER NOT NULL, 
	updated INTEGER NOT NULL, 
	CONSTRAINT pk_connector PRIMARY KEY (id)
)
 STRICT
;

CREATE TABLE connector_issue (
	id TEXT NOT NULL, 
	connector TEXT NOT NULL, 
	origin TEXT NOT NULL, 
	line INTEGER NOT NULL, 
	field TEXT NOT NULL, 
	value TEXT NOT NULL, 
	rule TEXT NOT NULL, 
	mend TEXT NOT NULL, 
	recorded INTEGER NOT NULL, 
	CONSTRAINT pk_connector_issue PRIMARY KEY (id), 
	CONSTRAINT fk_connector_issue_connector FOREIGN KEY(connector) REFERENCES connector (id) DEFERRABLE INITIALLY DEFERRED
)
 STRICT
;

CREATE TABLE connector_mark (
	id TEXT NOT NULL, 
	connector TEXT NOT NULL, 
	name TEXT NOT NULL, 
	detail TEXT, 
	recorded INTEGER NOT NULL, 
	CONSTRAINT pk_connector_mark PRIMARY KEY (id), 
	CONSTRAINT fk_connector_mark_connector FOREIGN KEY(connector) REFERENCES connector (id) DEFERRABLE INITIALLY DEFERRED
)
 STRICT
;

CREATE TABLE counter_snapshot (
	id TEXT NOT NULL, 
	moment INTEGER NOT NULL, 
	body BLOB NOT NULL, 
	CONSTRAINT pk_counter_snapshot PRIMARY KEY (id)
)
 STRICT
;

CREATE TABLE data_standard (
	id TEXT NOT NULL, 
	name TEXT NOT NULL, 
	edition INTEGER NOT NULL, 
	zh TEXT NOT NULL, 
	en TEXT NOT NULL, 
	theme TEXT NOT NULL, 
	sha256 TEXT NOT NULL, 
	subject TEXT NOT NULL, 
	recorded INTEGER NOT NULL, 
	CONSTRAINT pk_data_standard PRIMARY KEY (id)
)
 STRICT
;

CREATE TABLE dataset (
	id TEXT NOT NULL, 
	zh TEXT NOT NULL, 
	en TEXT NOT NULL, 
	theme TEXT NOT NULL, 
	metadata TEXT, 
	classification TEXT NOT NULL, 
	created INTEGER NOT NULL, 
	updated INTEGER NOT NULL, 
	CONSTRAINT pk_dataset PRIMARY KEY (id)
)
 STRICT
;

CREATE TABLE datastream (
	id TEXT NOT NULL, 
	number INTEGER NOT NULL, 
	thing TEXT NOT NULL, 
	code TEXT NOT NULL, 
	zh TEXT NOT NULL, 
	en TEXT NOT NULL, 
	observed_property TEXT NOT NULL, 
	unit TEXT NOT NULL, 
	period_s INTEGER NOT NULL, 
	classification TEXT NOT NULL, 
	created INTEGER NOT NULL, 
	properties TEXT, description TEXT DEFAULT '' NOT NULL, sensor INTEGER, property INTEGER, feature INTEGER, observation_type TEXT DEFAULT '' NOT NULL, measure TEXT, multi INTEGER DEFAULT '0' NOT NULL, rich INTEGER DEFAULT '0' NOT NULL, 
	CONSTRAINT pk_datastream PRIMARY KEY (id), 
	CONSTRAINT uq_datastream_number UNIQUE (number), 
	CONSTRAINT fk_datastream_thing FOREIGN KEY(thing) REFERENCES thing (id) DEFERRABLE INITIALLY DEFERRED
)
 STRICT
;

CREATE TABLE datastream_feature (
	datastream INTEGER NOT NULL, 
	feature INTEGER NOT NULL, 
	CONSTRAINT pk_datastream_feature PRIMARY KEY (datastream, feature)
)
 STRICT
;

CREATE TABLE datastream_property (
	datastream INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	property INTEGER NOT NULL, 
	CONSTRAINT pk_datastream_property PRIMARY KEY (datastream, position)
)
 STRICT
;

CREATE TABLE destruction (
	id TEXT NOT NULL, 
	dataset TEXT NOT NULL, 
	asked_by TEXT NOT NULL, 
	asked INTEGER NOT NULL, 
	asked_reason TEXT NOT NULL, 
	outcome TEXT NOT NULL, 
	decided_by TEXT NOT NULL, 
	decided INTEGER, 
	decided_reason TEXT NOT NULL, 
	manifest TEXT, 
	completed INTEGER, 
	certificate TEXT, 
	CONSTRAINT pk_destruction PRIMARY KEY (id), 
	CONSTRAINT fk_destruction_dataset FOREIGN KEY(dataset) REFERENCES dataset (id) DEFERRABLE INITIALLY DEFERRED
)
 STRICT
;

CREATE TABLE device (
	id TEXT NOT NULL, 
	number INTEGER NOT NULL, 
	device_type TEXT NOT NULL, 
	model TEXT NOT NULL, 
	serial TEXT NOT NULL, 
	organisation TEXT NOT NULL, 
	installed INTEGER, 
	mounted_on TEXT NOT NULL, 
	gateway TEXT NOT NULL, 
	link TEXT NOT NULL, 
	roles TEXT, 
	period_s INTEGER NOT NULL, 
	state TEXT NOT NULL, 
	firmware TEXT NOT NULL, 
	battery REAL, 
	certificate TEXT NOT NULL, 
	certificate_issuer TEXT NOT NULL, 
	certificate_expires INTEGER, 
	simulated INTEGER NOT NULL, 
	classification TEXT NOT NULL, 
	properties TEXT, 
	created INTEGER NOT NULL, 
	updated INTEGER NOT NULL, 
	CONSTRAINT pk_device PRIMARY KEY (id), 
	CONSTRAINT uq_device_number UNIQUE (number)
)
 STRICT
;

CREATE TABLE device_event (
	id TEXT NOT NULL, 
	device TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	moment INTEGER NOT NULL, 
	value TEXT, 
	subject TEXT NOT NULL, 
	recorded INTEGER NOT NULL, 
	CONSTRAINT pk_device_event PRIMARY KEY (id)
)
 STRICT
;

CREATE TABLE device_model (
	id TEXT NOT NULL, 
	device_type TEXT NOT NULL, 
	manufacturer TEXT NOT NULL, 
	zh TEXT NOT NULL, 
	en TEXT NOT NULL, 
	protocol TEXT NOT NULL, 
	measures TEXT, 
	period_s INTEGER NOT NULL, 
	limits TEXT, 
	battery_low REAL, 
	properties TEXT, 
	created INTEGER NOT NULL, 
	CONSTRAINT pk_device_model PRIMARY KEY (id)
)
 STRICT
;

CREATE TABLE device_token (
	id TEXT NOT NULL, 
	hash TEXT NOT NULL, 
	device TEXT NOT NULL, 
	label TEXT NOT NULL, 
	subject TEXT NOT NULL, 
	created INTEGER NOT NULL, 
	expires INTEGER, 
	revoked INTEGER, 
	CONSTRAINT pk_device_token PRIMARY KEY (id), 
	CONSTRAINT uq_device_token_hash UNIQUE (hash)
)
 STRICT
;

CREATE TABLE entity_counter (
	id TEXT NOT NULL, 
	last INTEGER NOT NULL, 
	CONSTRAINT pk_entity_counter PRIMARY KEY (id)
)
 STRICT
;

INSERT INTO "entity_counter" VALUES('thing',0);

INSERT INTO "entity_counter" VALUES('datastream',0);

INSERT INTO "entity_counter" VALUES('location',0);

INSERT INTO "entity_counter" VALUES('feature',0);

INSERT INTO "entity_counter" VALUES('historical_location',0);

INSERT INTO "entity_counter" VALUES('sensor',0);

INSERT INTO "entity_counter" VALUES('observed_property',0);

CREATE TABLE entity_version (
	seq INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	number INTEGER NOT NULL, 
	recorded INTEGER NOT NULL, 
	subject TEXT NOT NULL, 
	state TEXT, 
	CONSTRAINT pk_entity_version PRIMARY KEY (seq)
)
 STRICT
;

CREATE TABLE exchange_delivery (
	id TEXT NOT NULL, 
	feed TEXT NOT NULL, 
	organisation TEXT NOT NULL, 
	dataset TEXT NOT NULL, 
	reference TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	name TEXT NOT NULL, 
	sha256 TEXT NOT NULL, 
	bytes INTEGER NOT NULL, 
	declared TEXT, 
	state TEXT NOT NULL, 
	counts TEXT, 
	problem TEXT, 
	release TEXT NOT NULL, 
	subject TEXT NOT NULL, 
	received INTEGER NOT NULL, 
	settled INTEGER, 
	CONSTRAINT pk_exchange_delivery PRIMARY KEY (id), 
	CONSTRAINT uq_exchange_delivery_feed_reference UNIQUE (feed, reference), 
	CONSTRAINT fk_exchange_delivery_feed FOREIGN KEY(feed) REFERENCES exchange_feed (id) DEFERRABLE INITIALLY DEFERRED
)
 STRICT
;

CREATE TABLE exchange_feed (
	id TEXT NOT NULL, 
	organisation TEXT NOT NULL, 
	dataset TEXT NOT NULL, 
	spec TEXT, 
	active INTEGER NOT NULL, 
	checkpoint TEXT, 
	trouble TEXT, 
	failures INTEGER NOT NULL, 
	attempted INTEGER, 
	created INTEGER NOT NULL, 
	updated INTEGER NOT NULL, 
	CONSTRAINT pk_exchange_feed PRIMARY KEY (id), 
	CONSTRAINT fk_exchange_feed_organisation FOREIGN KEY(organisation) REFERENCES organisation (id) DEFERRABLE INITIALLY DEFERRED
)
 STRICT
;

CREATE TABLE exchange_key (
	id TEXT NOT NULL, 
	organisation TEXT NOT NULL, 
	jwk TEXT, 
	created INTEGER NOT NULL, 
	retired INTEGER, 
	CONSTRAINT pk_exchange_key PRIMARY KEY (id)
)
 STRICT
;

CREATE TABLE exchange_receipt (
	id TEXT NOT NULL, 
	delivery TEXT NOT NULL, 
	stage TEXT NOT NULL, 
	kid TEXT NOT NULL, 
	jws TEXT NOT NULL, 
	recorded INTEGER NOT NULL, 
	CONSTRAINT pk_exchange_receipt PRIMARY KEY (id), 
	CONSTRAINT fk_exchange_receipt_delivery FOREIGN KEY(delivery) REFERENCES exchange_delivery (id) DEFERRABLE INITIALLY DEFERRED
)
 STRICT
;

CREATE TABLE feature (
	id TEXT NOT NULL, 
	number INTEGER NOT NULL, 
	zh TEXT NOT NULL, 
	en TEXT NOT NULL, 
	description TEXT NOT NULL, 
	encoding TEXT NOT NULL, 
	feature TEXT, 
	west REAL, 
	east REAL, 
	south REAL, 
	north REAL, 
	classification TEXT NOT NULL, 
	properties TEXT, 
	created INTEGER NOT NULL, 
	CONSTRAINT pk_feature PRIMARY KEY (id), 
	CONSTRAINT uq_feature_number UNIQUE (number)
)
 STRICT
;

CREATE TABLE harvest_record (
	id TEXT NOT NULL, 
	source TEXT NOT NULL, 
	identifier TEXT NOT NULL, 
	dataset TEXT NOT NULL, 
	digest TEXT NOT NULL, 
	modified TEXT NOT NULL, 
	state TEXT NOT NULL, 
	seen INTEGER NOT NULL, 
	files TEXT, 
	CONSTRAINT pk_harvest_record PRIMARY KEY (id), 
	CONSTRAINT fk_harvest_record_source FOREIGN KEY(source) REFERENCES harvest_source (id) DEFERRABLE INITIALLY DEFERRED
)
 STRICT
;

CREATE TABLE harvest_source (
	id TEXT NOT NULL, 
	url TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	title TEXT NOT NULL, 
	classification TEXT NOT NULL, 
	"by" TEXT NOT NULL, 
	created INTEGER NOT NULL, 
	harvested INTEGER, 
	cursor TEXT NOT NULL, 
	report TEXT, every_days INTEGER DEFAULT '0' NOT NULL, active INTEGER DEFAULT '1' NOT NULL, attempted INTEGER, trouble TEXT, removed INTEGER, 
	CONSTRAINT pk_harvest_source PRIMARY KEY (id)
)
 STRICT
;

CREATE TABLE historical_location (
	id TEXT NOT NULL, 
	number INTEGER NOT NULL, 
	thing INTEGER NOT NULL, 
	time INTEGER NOT NULL, 
	created INTEGER NOT NULL, 
	CONSTRAINT pk_historical_location PRIMARY KEY (id), 
	CONSTRAINT uq_historical_location_number UNIQUE (number)
)
 STRICT
;

CREATE TABLE historical_place (
	historical_location INTEGER NOT NULL, 
	location INTEGER NOT NULL, 
	CONSTRAINT pk_historical_place PRIMARY KEY (historical_location, location)
)
 STRICT
;

CREATE TABLE indicator (
	id TEXT NOT NULL, 
	zh TEXT NOT NULL, 
	en TEXT NOT NULL, 
	unit TEXT NOT NULL, 
	spec TEXT, 
	CONSTRAINT pk_indicator PRIMARY KEY (id)
)
 STRICT
;

CREATE TABLE indicator_value (
	id TEXT NOT NULL, 
	indicator TEXT NOT NULL, 
	moment INTEGER NOT NULL, 
	value REAL, 
	quality TEXT NOT NULL, 
	sources TEXT, 
	recorded INTEGER NOT NULL, 
	CONSTRAINT pk_indicator_value PRIMARY KEY (id), 
	CONSTRAINT fk_indicator_value_indicator FOREIGN KEY(indicator) REFERENCES indicator (id) DEFERRABLE INITIALLY DEFERRED
)
 STRICT
;

CREATE TABLE issue (
	id TEXT NOT NULL, 
	dataset TEXT NOT NULL, 
	release INTEGER NOT NULL, 
	row_key TEXT NOT NULL, 
	"column" TEXT NOT NULL, 
	dimension TEXT NOT NULL, 
	text TEXT NOT NULL, 
	state TEXT NOT NULL, 
	reporter TEXT NOT NULL, 
	assignee TEXT NOT NULL, 
	due INTEGER, 
	opened INTEGER NOT NULL, 
	updated INTEGER NOT NULL, bureau TEXT, 
	CONSTRAINT pk_issue PRIMARY KEY (id), 
	CONSTRAINT fk_issue_dataset FOREIGN KEY(dataset) REFERENCES dataset (id) DEFERRABLE INITIALLY DEFERRED
)
 STRICT
;

CREATE TABLE issue_event (
	id TEXT NOT NULL, 
	issue TEXT NOT NULL, 
	move TEXT NOT NULL, 
	"by" TEXT NOT NULL, 
	recorded INTEGER NOT NULL, 
	note TEXT NOT NULL, 
	CONSTRAINT pk_issue_event PRIMARY KEY (id), 
	CONSTRAINT fk_issue_event_issue FOREIGN KEY(issue) REFERENCES issue (id) DEFERRABLE INITIALLY DEFERRED
)
 STRICT
;

CREATE TABLE job (
	id TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	state TEXT NOT NULL, 
	progress REAL NOT NULL, 
	subject TEXT NOT NULL, 
	arguments TEXT, 
	checkpoint TEXT, 
	result TEXT, 
	error TEXT, 
	created INTEGER NOT NULL, 
	updated INTEGER NOT NULL, 
	CONSTRAINT pk_job PRIMARY KEY (id)
)
 STRICT
;

CREATE TABLE ledger (
	seq INTEGER NOT NULL, 
	recorded INTEGER NOT NULL, 
	subject TEXT NOT NULL, 
	action TEXT NOT NULL, 
	resource TEXT NOT NULL, 
	purpose TEXT NOT NULL, 
	outcome TEXT NOT NULL, 
	detail TEXT NOT NULL, 
	previous TEXT NOT NULL, 
	hash TEXT NOT NULL, 
	CONSTRAINT pk_ledger PRIMARY KEY (seq)
)
 STRICT
;

CREATE TABLE legal_hold (
	id TEXT NOT NULL, 
	dataset TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	authority TEXT NOT NULL, 
	placed_by TEXT NOT NULL, 
	placed INTEGER NOT NULL, 
	lifted_by TEXT NOT NULL, 
	lifted INTEGER, 
	lifted_reason TEXT NOT NULL, 
	CONSTRAINT pk_legal_hold PRIMARY KEY (id), 
	CONSTRAINT fk_legal_hold_dataset FOREIGN KEY(dataset) REFERENCES dataset (id) DEFERRABLE INITIALLY DEFERRED
)
 STRICT
;

CREATE TABLE life (
	id TEXT NOT NULL, 
	state TEXT NOT NULL, 
	since INTEGER NOT NULL, 
	"by" TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	successor TEXT NOT NULL, 
	submitted_by TEXT NOT NULL, 
	destruction_asked_by TEXT NOT NULL, 
	CONSTRAINT pk_life PRIMARY KEY (id)
)
 STRICT
;

CREATE TABLE lineage (
	id TEXT NOT NULL, 
	source TEXT NOT NULL, 
	target TEXT NOT NULL, 
	activity TEXT NOT NULL, 
	recorded INTEGER NOT NULL, 
	detail TEXT, 
	CONSTRAINT pk_lineage PRIMARY KEY (id)
)
 STRICT
;

CREATE TABLE link (
	id TEXT NOT NULL, 
	number INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	zh TEXT NOT NULL, 
	en TEXT NOT NULL, 
	capacity_mbps REAL, 
	latency_ms REAL, 
	uplink TEXT NOT NULL, 
	organisation TEXT NOT NULL, 
	state TEXT NOT NULL, 
	state_since INTEGER, 
	simulated INTEGER NOT NULL, 
	classification TEXT NOT NULL, 
	properties TEXT, 
	created INTEGER NOT NULL, 
	CONSTRAINT pk_link PRIMARY KEY (id), 
	CONSTRAINT uq_link_number UNIQUE (number)
)
 STRICT
;

CREATE TABLE location (
	id TEXT NOT NULL, 
	number INTEGER NOT NULL, 
	zh TEXT NOT NULL, 
	en TEXT NOT NULL, 
	description TEXT NOT NULL, 
	encoding TEXT NOT NULL, 
	location TEXT, 
	feature INTEGER, 
	west REAL, 
	east REAL, 
	south REAL, 
	north REAL, 
	classification TEXT NOT NULL, 
	properties TEXT, 
	created INTEGER NOT NULL, 
	CONSTRAINT pk_location PRIMARY KEY (id), 
	CONSTRAINT uq_location_number UNIQUE (number)
)
 STRICT
;

CREATE TABLE master_conflict (
	id TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	record TEXT NOT NULL, 
	element TEXT NOT NULL, 
	said TEXT, 
	state TEXT NOT NULL, 
	value TEXT, 
	reason TEXT NOT NULL, 
	settled_by TEXT NOT NULL, 
	opened INTEGER NOT NULL, 
	settled INTEGER, 
	CONSTRAINT pk_master_conflict PRIMARY KEY (id)
)
 STRICT
;

CREATE TABLE master_duplicate (
	id TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	records TEXT, 
	said TEXT, 
	state TEXT NOT NULL, 
	decision TEXT NOT NULL, 
	kept TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	settled_by TEXT NOT NULL, 
	opened INTEGER NOT NULL, 
	settled INTEGER, 
	CONSTRAINT pk_master_duplicate PRIMARY KEY (id)
)
 STRICT
;

CREATE TABLE master_rule (
	id TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	element TEXT NOT NULL, 
	precedence TEXT, 
	updated INTEGER NOT NULL, 
	CONSTRAINT pk_master_rule PRIMARY KEY (id)
)
 STRICT
;

CREATE TABLE master_source (
	id TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	organisation TEXT NOT NULL, 
	columns TEXT, 
	created INTEGER NOT NULL, 
	CONSTRAINT pk_master_source PRIMARY KEY (id)
)
 STRICT
;

CREATE TABLE master_step (
	id TEXT NOT NULL, 
	item TEXT NOT NULL, 
	move TEXT NOT NULL, 
	"by" TEXT NOT NULL, 
	recorded INTEGER NOT NULL, 
	detail TEXT, 
	CONSTRAINT pk_master_step PRIMARY KEY (id)
)
 STRICT
;

CREATE TABLE observed_property (
	id TEXT NOT NULL, 
	number INTEGER NOT NULL, 
	zh TEXT NOT NULL, 
	en TEXT NOT NULL, 
	description TEXT NOT NULL, 
	definition TEXT NOT NULL, 
	classification TEXT NOT NULL, 
	properties TEXT, 
	created INTEGER NOT NULL, 
	CONSTRAINT pk_observed_property PRIMARY KEY (id), 
	CONSTRAINT uq_observed_property_number UNIQUE (number)
)
 STRICT
;

CREATE TABLE offered_file (
	id TEXT NOT NULL, 
	dataset TEXT NOT NULL, 
	release INTEGER NOT NULL, 
	format TEXT NOT NULL, 
	bytes INTEGER NOT NULL, 
	sha256 TEXT NOT NULL, 
	made_by TEXT NOT NULL, 
	recorded INTEGER NOT NULL, 
	CONSTRAINT pk_offered_file PRIMARY KEY (id), 
	CONSTRAINT fk_offered_file_dataset FOREIGN KEY(dataset) REFERENCES dataset (id) DEFERRABLE INITIALLY DEFERRED
)
 STRICT
;

CREATE TABLE organisation (
	id TEXT NOT NULL, 
	zh TEXT NOT NULL, 
	en TEXT NOT NULL, 
	created INTEGER NOT NULL, 
	CONSTRAINT pk_organisation PRIMARY KEY (id)
)
 STRICT
;

CREATE TABLE person (
	id TEXT NOT NULL, 
	name TEXT NOT NULL, 
	display_name TEXT NOT NULL, 
	password_hash TEXT NOT NULL, 
	roles TEXT, 
	organisation TEXT NOT NULL, 
	active INTEGER NOT NULL, 
	created INTEGER NOT NULL, 
	CONSTRAINT pk_person PRIMARY KEY (id), 
	CONSTRAINT uq_person_name UNIQUE (name)
)
 STRICT
;

CREATE TABLE quality_run (
	id TEXT NOT NULL, 
	dataset TEXT NOT NULL, 
	release INTEGER NOT NULL, 
	recorded INTEGER NOT NULL, 
	checks TEXT, 
	CONSTRAINT pk_quality_run PRIMARY KEY (id), 
	CONSTRAINT fk_quality_run_dataset FOREIGN KEY(dataset) REFERENCES dataset (id) DEFERRABLE INITIALLY DEFERRED
)
 STRICT
;

CREATE TABLE release (
	id TEXT NOT NULL, 
	dataset TEXT NOT NULL, 
	number INTEGER NOT NULL, 
	recorded INTEGER NOT NULL, 
	source_sha256 TEXT NOT NULL, 
	source_name TEXT NOT NULL, 
	rows INTEGER NOT NULL, 
	refused INTEGER NOT NULL, 
	bytes INTEGER NOT NULL, 
	sha256 TEXT NOT NULL, 
	schema TEXT, 
	quality TEXT, 
	provenance TEXT, 
	CONSTRAINT pk_release PRIMARY KEY (id), 
	CONSTRAINT uq_release_dataset_number UNIQUE (dataset, number), 
	CONSTRAINT fk_release_dataset FOREIGN KEY(dataset) REFERENCES dataset (id) DEFERRABLE INITIALLY DEFERRED
)
 STRICT
;

CREATE TABLE resource_code (
	id TEXT NOT NULL, 
	front TEXT NOT NULL, 
	serial INTEGER NOT NULL, 
	CONSTRAINT pk_resource_code PRIMARY KEY (id), 
	CONSTRAINT uq_resource_code_front_serial UNIQUE (front, serial)
)
 STRICT
;

CREATE TABLE sensor (
	id TEXT NOT NULL, 
	number INTEGER NOT NULL, 
	zh TEXT NOT NULL, 
	en TEXT NOT NULL, 
	description TEXT NOT NULL, 
	encoding TEXT NOT NULL, 
	metadata TEXT, 
	classification TEXT NOT NULL, 
	properties TEXT, 
	created INTEGER NOT NULL, 
	CONSTRAINT pk_sensor PRIMARY KEY (id), 
	CONSTRAINT uq_sensor_number UNIQUE (number)
)
 STRICT
;

CREATE TABLE session (
	id TEXT NOT NULL, 
	person TEXT NOT NULL, 
	expires INTEGER NOT NULL, 
	created INTEGER NOT NULL, 
	CONSTRAINT pk_session PRIMARY KEY (id), 
	CONSTRAINT fk_session_person FOREIGN KEY(person) REFERENCES person (id) DEFERRABLE INITIALLY DEFERRED
)
 STRICT
;

CREATE TABLE setting (
	id TEXT NOT NULL, 
	value TEXT, 
	CONSTRAINT pk_setting PRIMARY KEY (id)
)
 STRICT
;

CREATE TABLE tasking_capability (
	id TEXT NOT NULL, 
	number INTEGER NOT NULL, 
	actuator TEXT NOT NULL, 
	thing TEXT NOT NULL, 
	zh TEXT NOT NULL, 
	en TEXT NOT NULL, 
	description TEXT NOT NULL, 
	parameters TEXT, 
	limits TEXT, 
	properties TEXT, 
	created INTEGER NOT NULL, 
	CONSTRAINT pk_tasking_capability PRIMARY KEY (id), 
	CONSTRAINT uq_tasking_capability_number UNIQUE (number), 
	CONSTRAINT fk_tasking_capability_actuator FOREIGN KEY(actuator) REFERENCES actuator (id) DEFERRABLE INITIALLY DEFERRED
)
 STRICT
;

CREATE TABLE thing (
	id TEXT NOT NULL, 
	zh TEXT NOT NULL, 
	en TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	lon REAL, 
	lat REAL, 
	classification TEXT NOT NULL, 
	properties TEXT, 
	created INTEGER NOT NULL, number INTEGER, description TEXT DEFAULT '' NOT NULL, 
	CONSTRAINT pk_thing PRIMARY KEY (id)
)
 STRICT
;

CREATE TABLE thing_location (
	thing INTEGER NOT NULL, 
	location INTEGER NOT NULL, 
	CONSTRAINT pk_thing_location PRIMARY KEY (thing, location)
)
 STRICT
;

CREATE TABLE threshold (
	id TEXT NOT NULL, 
	observed_property TEXT NOT NULL, 
	datastream TEXT NOT NULL, 
	zh TEXT NOT NULL, 
	en TEXT NOT NULL, 
	unit TEXT NOT NULL, 
	direction TEXT NOT NULL, 
	levels TEXT, 
	hold_s REAL NOT NULL, 
	clear_hold_s REAL NOT NULL, 
	citation TEXT NOT NULL, 
	enabled INTEGER NOT NULL, 
	created INTEGER NOT NULL, 
	updated INTEGER NOT NULL, 
	CONSTRAINT pk_threshold PRIMARY KEY (id)
)
 STRICT
;

CREATE TABLE token (
	id TEXT NOT NULL, 
	hash TEXT NOT NULL, 
	person TEXT NOT NULL, 
	label TEXT NOT NULL, 
	roles TEXT, 
	created INTEGER NOT NULL, 
	expires INTEGER, 
	revoked INTEGER, 
	CONSTRAINT pk_token PRIMARY KEY (id), 
	CONSTRAINT uq_token_hash UNIQUE (hash), 
	CONSTRAINT fk_token_person FOREIGN KEY(person) REFERENCES person (id) DEFERRABLE INITIALLY DEFERRED
)
 STRICT
;

CREATE TABLE usage (
	id TEXT NOT NULL, 
	day TEXT NOT NULL, 
	dataset TEXT NOT NULL, 
	subject TEXT NOT NULL, 
	organisation TEXT NOT NULL, 
	agreement TEXT NOT NULL, 
	action TEXT NOT NULL, 
	requests INTEGER NOT NULL, 
	rows INTEGER NOT NULL, 
	bytes INTEGER NOT NULL, 
	last INTEGER NOT NULL, 
	CONSTRAINT pk_usage PRIMARY KEY (id)
)
 STRICT
;

CREATE TABLE webhook (
	id TEXT NOT NULL, 
	owner TEXT NOT NULL, 
	roles TEXT, 
	purpose TEXT NOT NULL, 
	url TEXT NOT NULL, 
	datasets TEXT, 
	state TEXT NOT NULL, 
	told INTEGER NOT NULL, 
	failures INTEGER NOT NULL, 
	due INTEGER, 
	last_status TEXT NOT NULL, 
	last_success INTEGER, 
	created INTEGER NOT NULL, 
	CONSTRAINT pk_webhook PRIMARY KEY (id)
)
 STRICT
;

CREATE TABLE webhook_delivery (
	id TEXT NOT NULL, 
	webhook TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	first INTEGER NOT NULL, 
	last INTEGER NOT NULL, 
	sent INTEGER NOT NULL, 
	took_ms INTEGER NOT NULL, 
	status TEXT NOT NULL, 
	arrived INTEGER NOT NULL, 
	CONSTRAINT pk_webhook_delivery PRIMARY KEY (id)
)
 STRICT
;

CREATE INDEX ix_job_state ON job (state);

CREATE INDEX ix_ledger_resource ON ledger (resource);

CREATE INDEX ix_lineage_source ON lineage (source);

CREATE INDEX ix_lineage_target ON lineage (target);

CREATE INDEX ix_datastream_observed_property ON datastream (observed_property);

CREATE INDEX ix_datastream_thing ON datastream (thing);

CREATE INDEX ix_indicator_value_indicator_moment ON indicator_value (indicator, moment);

CREATE TRIGGER ledger_no_update BEFORE UPDATE ON ledger BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;

CREATE TRIGGER ledger_no_delete BEFORE DELETE ON ledger BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;

CREATE TRIGGER ledger_in_order BEFORE INSERT ON ledger WHEN NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM ledger) BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;

CREATE INDEX ix_device_gateway ON device (gateway);

CREATE INDEX ix_device_mounted_on ON device (mounted_on);

CREATE INDEX ix_device_event_device_kind_moment ON device_event (device, kind, moment);

CREATE INDEX ix_device_token_device ON device_token (device);

CREATE INDEX ix_actuator_thing ON actuator (thing);

CREATE INDEX ix_tasking_capability_actuator ON tasking_capability (actuator);

CREATE INDEX ix_tasking_capability_thing ON tasking_capability (thing);

CREATE INDEX ix_command_capability_number ON command (capability, number);

CREATE INDEX ix_command_device_state ON command (device, state);

CREATE INDEX ix_command_queue_state ON command (queue, state);

CREATE INDEX ix_command_state_deadline ON command (state, deadline);

CREATE INDEX ix_command_subject_idempotency ON command (subject, idempotency);

CREATE INDEX ix_alert_rule_resource ON alert (rule, resource);

CREATE INDEX ix_alert_state_updated ON alert (state, updated);

CREATE INDEX ix_sensor_classification_number ON sensor (classification, number);

CREATE INDEX ix_observed_property_classification_number ON observed_property (classification, number);

CREATE INDEX ix_location_classification_number ON location (classification, number);

CREATE INDEX ix_feature_classification_number ON feature (classification, number);

CREATE INDEX ix_location_west_east_south_north ON location (west, east, south, north);

CREATE INDEX ix_feature_west_east_south_north ON feature (west, east, south, north);

CREATE INDEX ix_location_feature ON location (feature);

CREATE INDEX ix_historical_location_thing_time ON historical_location (thing, time);

CREATE INDEX ix_thing_location_location ON thing_location (location);

CREATE INDEX ix_historical_place_location ON historical_place (location);

CREATE INDEX ix_datastream_feature_feature ON datastream_feature (feature);

CREATE INDEX ix_datastream_property_property ON datastream_property (property);

CREATE INDEX ix_entity_version_kind_number ON entity_version (kind, number);

CREATE INDEX ix_thing_classification_number ON thing (classification, number);

CREATE INDEX ix_datastream_classification_number ON datastream (classification, number);

CREATE UNIQUE INDEX ix_thing_number ON thing (number);

CREATE INDEX ix_datastream_sensor ON datastream (sensor);

CREATE INDEX ix_datastream_property ON datastream (property);

CREATE INDEX ix_datastream_feature ON datastream (feature);

CREATE INDEX ix_connector_mark_connector ON connector_mark (connector);

CREATE INDEX ix_connector_issue_connector ON connector_issue (connector);

CREATE INDEX ix_thing_zh ON thing (zh);

CREATE INDEX ix_datastream_zh ON datastream (zh);

CREATE INDEX ix_data_standard_name_edition ON data_standard (name, edition);

CREATE INDEX ix_life_state ON life (state);

CREATE INDEX ix_legal_hold_dataset ON legal_hold (dataset);

CREATE INDEX ix_destruction_dataset ON destruction (dataset);

CREATE INDEX ix_change_dataset ON change (dataset);

CREATE INDEX ix_exchange_feed_organisation ON exchange_feed (organisation);

CREATE INDEX ix_exchange_delivery_organisation ON exchange_delivery (organisation);

CREATE INDEX ix_exchange_delivery_state ON exchange_delivery (state);

CREATE INDEX ix_exchange_receipt_delivery ON exchange_receipt (delivery);

CREATE INDEX ix_exchange_key_organisation ON exchange_key (organisation);

CREATE INDEX ix_quality_run_dataset ON quality_run (dataset);

CREATE INDEX ix_issue_dataset ON issue (dataset);

CREATE INDEX ix_issue_reporter_opened ON issue (reporter, opened);

CREATE INDEX ix_issue_state ON issue (state);

CREATE INDEX ix_issue_event_issue ON issue_event (issue);

CREATE INDEX ix_harvest_source_url ON harvest_source (url);

CREATE INDEX ix_harvest_record_source ON harvest_record (source);

CREATE INDEX ix_harvest_record_dataset ON harvest_record (dataset);

CREATE INDEX ix_agreement_dataset_state ON agreement (dataset, state);

CREATE INDEX ix_agreement_subject ON agreement (subject);

CREATE INDEX ix_webhook_owner ON webhook (owner);

CREATE INDEX ix_usage_dataset_day ON usage (dataset, day);

CREATE INDEX ix_usage_subject_day ON usage (subject, day);

CREATE INDEX ix_master_source_kind ON master_source (kind);

CREATE INDEX ix_master_rule_kind ON master_rule (kind);

CREATE INDEX ix_master_conflict_kind_state ON master_conflict (kind, state);

CREATE INDEX ix_webhook_delivery_webhook ON webhook_delivery (webhook);

CREATE INDEX ix_master_duplicate_kind_state ON master_duplicate (kind, state);

CREATE INDEX ix_master_step_item ON master_step (item);

CREATE INDEX ix_offered_file_dataset ON offered_file (dataset);

CREATE INDEX ix_issue_bureau ON issue (bureau);
