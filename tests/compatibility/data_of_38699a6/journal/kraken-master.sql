BEGIN TRANSACTION;
CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE equity (
	account VARCHAR(64) NOT NULL, 
	day VARCHAR(10) NOT NULL, 
	currency VARCHAR(16) NOT NULL, 
	opening VARCHAR(64) NOT NULL, 
	latest VARCHAR(64) NOT NULL, 
	peak VARCHAR(64) NOT NULL, 
	updated VARCHAR(32) NOT NULL, 
	CONSTRAINT pk_equity PRIMARY KEY (account, day)
);
INSERT INTO "equity" VALUES('kraken:master','2026-11-28','USD','0','405.9149366828000','405.9149366828000','2026-11-28T10:37:31.391223Z');
CREATE TABLE events (
	id INTEGER NOT NULL, 
	account VARCHAR(64) NOT NULL, 
	time VARCHAR(32) NOT NULL, 
	kind VARCHAR(64) NOT NULL, 
	market VARCHAR(32), 
	detail TEXT NOT NULL, 
	CONSTRAINT pk_events PRIMARY KEY (id)
);
CREATE TABLE fills (
	account VARCHAR(64) NOT NULL, 
	fill_id VARCHAR(64) NOT NULL, 
	client_id VARCHAR(36) NOT NULL, 
	order_id VARCHAR(64) NOT NULL, 
	market VARCHAR(32) NOT NULL, 
	side VARCHAR(4) NOT NULL, 
	amount VARCHAR(64) NOT NULL, 
	price VARCHAR(64) NOT NULL, 
	fee VARCHAR(64) NOT NULL, 
	fee_currency VARCHAR(16) NOT NULL, 
	time VARCHAR(32) NOT NULL, 
	maker BOOLEAN NOT NULL, 
	booked VARCHAR(32) NOT NULL, 
	CONSTRAINT pk_fills PRIMARY KEY (account, fill_id), 
	CONSTRAINT fk_fills_account_client_id FOREIGN KEY(account, client_id) REFERENCES intents (account, client_id)
);
INSERT INTO "fills" VALUES('kraken:master','T23BR2-KE6H7-K6RCHT','6e696a61-0140-45ec-af6a-170d7118354d','OR3SRY-VUAWO-RRYF3E','BTC/USD','buy','0.01732726','50652.40000','3.51060','USD','2026-11-28T10:36:18.781256Z',0,'2026-11-28T10:36:39.924610Z');
INSERT INTO "fills" VALUES('kraken:master','T5Z3G3-POIKW-I6Z4VX','6e696a61-018b-462d-99ea-0a54ed56ffb5','OQVJZQ-OGFLP-5WFH5B','ETH/USD','buy','0.32167778','3489.03000','4.48930','USD','2026-11-28T10:36:43.015590Z',0,'2026-11-28T10:37:04.268848Z');
INSERT INTO "fills" VALUES('kraken:master','T2AOKC-BXBVB-FOXWNQ','6e696a61-0334-46cb-aeb6-0d3906a36519','O4AZPQ-5Q4ZC-3JRQUC','BTC/USD','sell','0.01732726','75063.40000','5.20250','USD','2026-11-28T10:37:09.559552Z',0,'2026-11-28T10:37:28.491815Z');
INSERT INTO "fills" VALUES('kraken:master','TCKS6F-4ZXPP-SY4A4Z','6e696a61-0229-4663-ab0c-215b318c7737','OUAOM4-24OXV-4MWPNI','ETH/USD','sell','0.32167778','4163.16000','5.35670','USD','2026-11-28T10:37:05.292451Z',0,'2026-11-28T10:37:28.501862Z');
INSERT INTO "fills" VALUES('kraken:master','TBZXHL-T6DYJ-YXLFLV','6e696a61-0131-4097-902f-841e7d63adee','ODUTBK-J4ZJJ-LDHIFV','ETH/USD','buy','0.34888737','3349.13000','4.67380','USD','2026-11-28T10:38:14.971030Z',0,'2026-11-28T10:38:15.005441Z');
CREATE TABLE intents (
	account VARCHAR(64) NOT NULL, 
	client_id VARCHAR(36) NOT NULL, 
	position_id VARCHAR(36) NOT NULL, 
	purpose VARCHAR(8) NOT NULL, 
	market VARCHAR(32) NOT NULL, 
	side VARCHAR(4) NOT NULL, 
	type VARCHAR(8) NOT NULL, 
	amount VARCHAR(64) NOT NULL, 
	limit_price VARCHAR(64), 
	stop_price VARCHAR(64), 
	post_only BOOLEAN NOT NULL, 
	deadline VARCHAR(32) NOT NULL, 
	signal_time VARCHAR(32), 
	strategy VARCHAR(128) NOT NULL, 
	reason TEXT NOT NULL, 
	state VARCHAR(16) NOT NULL, 
	exchange_id VARCHAR(64), 
	filled VARCHAR(64) NOT NULL, 
	settled BOOLEAN NOT NULL, 
	passing BOOLEAN NOT NULL, 
	outcome TEXT NOT NULL, 
	created VARCHAR(32) NOT NULL, 
	updated VARCHAR(32) NOT NULL, 
	CONSTRAINT pk_intents PRIMARY KEY (account, client_id), 
	CONSTRAINT fk_intents_account_position_id FOREIGN KEY(account, position_id) REFERENCES positions (account, id)
);
INSERT INTO "intents" VALUES('kraken:master','6e696a61-0140-45ec-af6a-170d7118354d','6e696a61-0140-45ec-af6a-170d7118354d','entry','BTC/USD','buy','market','0.01732726',NULL,NULL,0,'2026-11-28T10:36:48.647547Z','2009-02-10T00:00:00.000000Z','trend','entry signal','filled','OR3SRY-VUAWO-RRYF3E','0.01732726',1,0,'','2026-11-28T10:36:18.647528Z','2026-11-28T10:36:39.924610Z');
INSERT INTO "intents" VALUES('kraken:master','6e696a61-0334-46cb-aeb6-0d3906a36519','6e696a61-0140-45ec-af6a-170d7118354d','stop','BTC/USD','sell','stop','0.01732726',NULL,'75895.3',0,'2026-11-28T10:36:38.691601Z',NULL,'trend','protective stop','filled','O4AZPQ-5Q4ZC-3JRQUC','0.01732726',1,0,'','2026-11-28T10:36:18.691627Z','2026-11-28T10:37:28.491815Z');
INSERT INTO "intents" VALUES('kraken:master','6e696a61-018b-462d-99ea-0a54ed56ffb5','6e696a61-018b-462d-99ea-0a54ed56ffb5','entry','ETH/USD','buy','market','0.32167778',NULL,NULL,0,'2026-11-28T10:37:12.877320Z','2009-02-26T00:00:00.000000Z','trend','entry signal','filled','OQVJZQ-OGFLP-5WFH5B','0.32167778',1,0,'','2026-11-28T10:36:42.877294Z','2026-11-28T10:37:04.268848Z');
INSERT INTO "intents" VALUES('kraken:master','6e696a61-032c-41c0-9892-0b0c53414a21','6e696a61-018b-462d-99ea-0a54ed56ffb5','stop','ETH/USD','sell','stop','0.32167778',NULL,'4013.52',0,'2026-11-28T10:37:02.931151Z',NULL,'trend','protective stop','cancelled','OXS6NJ-CZYAQ-WLDLSP','0',1,0,'','2026-11-28T10:36:42.931183Z','2026-11-28T10:37:05.284623Z');
INSERT INTO "intents" VALUES('kraken:master','6e696a61-0229-4663-ab0c-215b318c7737','6e696a61-018b-462d-99ea-0a54ed56ffb5','exit','ETH/USD','sell','market','0.32167778',NULL,NULL,0,'2026-11-28T10:37:25.176038Z',NULL,'trend','trend exit on the candle closed 2009-03-13 00:00','filled','OUAOM4-24OXV-4MWPNI','0.32167778',1,0,'','2026-11-28T10:37:05.176063Z','2026-11-28T10:37:28.501862Z');
INSERT INTO "intents" VALUES('kraken:master','6e696a61-0131-4097-902f-841e7d63adee','6e696a61-0131-4097-902f-841e7d63adee','entry','ETH/USD','buy','market','0.34888737',NULL,NULL,0,'2026-11-28T10:38:44.847207Z','2009-04-29T00:00:00.000000Z','trend','entry signal','filled','ODUTBK-J4ZJJ-LDHIFV','0.34888737',1,0,'','2026-11-28T10:38:14.847172Z','2026-11-28T10:38:15.005441Z');
INSERT INTO "intents" VALUES('kraken:master','6e696a61-03a7-4499-a438-080f76e4860c','6e696a61-0131-4097-902f-841e7d63adee','stop','ETH/USD','sell','stop','0.34888737',NULL,'3080.01',0,'2026-11-28T10:38:34.868684Z',NULL,'trend','protective stop','open','OPGKLG-AB6MQ-DPY4H7','0',0,0,'','2026-11-28T10:38:14.868705Z','2026-11-28T10:38:14.991266Z');
CREATE TABLE keys (
	account VARCHAR(64) NOT NULL, 
	fingerprint VARCHAR(8) NOT NULL, 
	account_uid VARCHAR(128) NOT NULL, 
	permissions TEXT NOT NULL, 
	first_seen VARCHAR(32) NOT NULL, 
	last_seen VARCHAR(32) NOT NULL, 
	CONSTRAINT pk_keys PRIMARY KEY (account, fingerprint)
);
CREATE TABLE latches (
	account VARCHAR(64) NOT NULL, 
	name VARCHAR(32) NOT NULL, 
	reason TEXT NOT NULL, 
	since VARCHAR(32) NOT NULL, 
	CONSTRAINT pk_latches PRIMARY KEY (account, name)
);
CREATE TABLE marks (
	account VARCHAR(64) NOT NULL, 
	name VARCHAR(32) NOT NULL, 
	time VARCHAR(32) NOT NULL, 
	CONSTRAINT pk_marks PRIMARY KEY (account, name)
);
INSERT INTO "marks" VALUES('kraken:master','reconciled','2026-11-28T10:34:42.561552Z');
CREATE TABLE positions (
	account VARCHAR(64) NOT NULL, 
	id VARCHAR(36) NOT NULL, 
	market VARCHAR(32) NOT NULL, 
	opened VARCHAR(32) NOT NULL, 
	signal_time VARCHAR(32), 
	strategy VARCHAR(128) NOT NULL, 
	stop_price VARCHAR(64), 
	exit_reason TEXT, 
	closed VARCHAR(32), 
	CONSTRAINT pk_positions PRIMARY KEY (account, id)
);
INSERT INTO "positions" VALUES('kraken:master','6e696a61-0140-45ec-af6a-170d7118354d','BTC/USD','2026-11-28T10:36:18.647528Z','2009-02-10T00:00:00.000000Z','trend','75895.3','trend exit on the candle closed 2009-03-17 00:00','2026-11-28T10:37:28.504614Z');
INSERT INTO "positions" VALUES('kraken:master','6e696a61-018b-462d-99ea-0a54ed56ffb5','ETH/USD','2026-11-28T10:36:42.877294Z','2009-02-26T00:00:00.000000Z','trend','4013.52','trend exit on the candle closed 2009-03-13 00:00','2026-11-28T10:37:28.505749Z');
INSERT INTO "positions" VALUES('kraken:master','6e696a61-0131-4097-902f-841e7d63adee','ETH/USD','2026-11-28T10:38:14.847172Z','2009-04-29T00:00:00.000000Z','trend','3080.01',NULL,NULL);
CREATE TABLE transitions (
	id INTEGER NOT NULL, 
	account VARCHAR(64) NOT NULL, 
	client_id VARCHAR(36) NOT NULL, 
	time VARCHAR(32) NOT NULL, 
	state VARCHAR(16) NOT NULL, 
	filled VARCHAR(64) NOT NULL, 
	note TEXT NOT NULL, 
	CONSTRAINT pk_transitions PRIMARY KEY (id), 
	CONSTRAINT fk_transitions_account_client_id FOREIGN KEY(account, client_id) REFERENCES intents (account, client_id)
);
INSERT INTO "transitions" VALUES(25,'kraken:master','6e696a61-0140-45ec-af6a-170d7118354d','2026-11-28T10:36:18.647528Z','intended','0','entry signal');
INSERT INTO "transitions" VALUES(26,'kraken:master','6e696a61-0140-45ec-af6a-170d7118354d','2026-11-28T10:36:18.769362Z','sent','0','');
INSERT INTO "transitions" VALUES(27,'kraken:master','6e696a61-0140-45ec-af6a-170d7118354d','2026-11-28T10:36:18.782578Z','open','0','');
INSERT INTO "transitions" VALUES(28,'kraken:master','6e696a61-0140-45ec-af6a-170d7118354d','2026-11-28T10:36:18.795200Z','filled','0.01732726','');
INSERT INTO "transitions" VALUES(29,'kraken:master','6e696a61-0334-46cb-aeb6-0d3906a36519','2026-11-28T10:36:18.691627Z','intended','0','protective stop');
INSERT INTO "transitions" VALUES(30,'kraken:master','6e696a61-0334-46cb-aeb6-0d3906a36519','2026-11-28T10:36:18.808074Z','sent','0','');
INSERT INTO "transitions" VALUES(31,'kraken:master','6e696a61-0334-46cb-aeb6-0d3906a36519','2026-11-28T10:36:18.817472Z','open','0','');
INSERT INTO "transitions" VALUES(32,'kraken:master','6e696a61-018b-462d-99ea-0a54ed56ffb5','2026-11-28T10:36:42.877294Z','intended','0','entry signal');
INSERT INTO "transitions" VALUES(33,'kraken:master','6e696a61-018b-462d-99ea-0a54ed56ffb5','2026-11-28T10:36:43.002816Z','sent','0','');
INSERT INTO "transitions" VALUES(34,'kraken:master','6e696a61-018b-462d-99ea-0a54ed56ffb5','2026-11-28T10:36:43.021528Z','open','0','');
INSERT INTO "transitions" VALUES(35,'kraken:master','6e696a61-018b-462d-99ea-0a54ed56ffb5','2026-11-28T10:36:43.033493Z','filled','0.32167778','');
INSERT INTO "transitions" VALUES(36,'kraken:master','6e696a61-032c-41c0-9892-0b0c53414a21','2026-11-28T10:36:42.931183Z','intended','0','protective stop');
INSERT INTO "transitions" VALUES(37,'kraken:master','6e696a61-032c-41c0-9892-0b0c53414a21','2026-11-28T10:36:43.045746Z','sent','0','');
INSERT INTO "transitions" VALUES(38,'kraken:master','6e696a61-032c-41c0-9892-0b0c53414a21','2026-11-28T10:36:43.051238Z','open','0','');
INSERT INTO "transitions" VALUES(39,'kraken:master','6e696a61-032c-41c0-9892-0b0c53414a21','2026-11-28T10:37:05.284623Z','cancelled','0','User requested; amended');
INSERT INTO "transitions" VALUES(40,'kraken:master','6e696a61-0229-4663-ab0c-215b318c7737','2026-11-28T10:37:05.176063Z','intended','0','trend exit on the candle closed 2009-03-13 00:00');
INSERT INTO "transitions" VALUES(41,'kraken:master','6e696a61-0229-4663-ab0c-215b318c7737','2026-11-28T10:37:05.287450Z','sent','0','');
INSERT INTO "transitions" VALUES(42,'kraken:master','6e696a61-0229-4663-ab0c-215b318c7737','2026-11-28T10:37:05.293958Z','open','0','');
INSERT INTO "transitions" VALUES(43,'kraken:master','6e696a61-0229-4663-ab0c-215b318c7737','2026-11-28T10:37:05.308001Z','filled','0.32167778','');
INSERT INTO "transitions" VALUES(44,'kraken:master','6e696a61-0334-46cb-aeb6-0d3906a36519','2026-11-28T10:37:11.379235Z','filled','0.01732726','stopped,amended');
INSERT INTO "transitions" VALUES(45,'kraken:master','6e696a61-0131-4097-902f-841e7d63adee','2026-11-28T10:38:14.847172Z','intended','0','entry signal');
INSERT INTO "transitions" VALUES(46,'kraken:master','6e696a61-0131-4097-902f-841e7d63adee','2026-11-28T10:38:14.961914Z','sent','0','');
INSERT INTO "transitions" VALUES(47,'kraken:master','6e696a61-0131-4097-902f-841e7d63adee','2026-11-28T10:38:14.972283Z','open','0','');
INSERT INTO "transitions" VALUES(48,'kraken:master','6e696a61-0131-4097-902f-841e7d63adee','2026-11-28T10:38:14.976686Z','filled','0.34888737','');
INSERT INTO "transitions" VALUES(49,'kraken:master','6e696a61-03a7-4499-a438-080f76e4860c','2026-11-28T10:38:14.868705Z','intended','0','protective stop');
INSERT INTO "transitions" VALUES(50,'kraken:master','6e696a61-03a7-4499-a438-080f76e4860c','2026-11-28T10:38:14.980155Z','sent','0','');
INSERT INTO "transitions" VALUES(51,'kraken:master','6e696a61-03a7-4499-a438-080f76e4860c','2026-11-28T10:38:14.991266Z','open','0','');
CREATE TABLE write_offs (
	id INTEGER NOT NULL, 
	account VARCHAR(64) NOT NULL, 
	position_id VARCHAR(36) NOT NULL, 
	amount VARCHAR(64) NOT NULL, 
	reason TEXT NOT NULL, 
	time VARCHAR(32) NOT NULL, 
	CONSTRAINT pk_write_offs PRIMARY KEY (id), 
	CONSTRAINT fk_write_offs_account_position_id FOREIGN KEY(account, position_id) REFERENCES positions (account, id)
);
CREATE UNIQUE INDEX ix_positions_open ON positions (account, market) WHERE closed IS NULL;
CREATE INDEX ix_events_account_time ON events (account, time);
CREATE INDEX ix_intents_position_id ON intents (account, position_id);
CREATE UNIQUE INDEX ix_intents_signal ON intents (account, market, signal_time) WHERE purpose = 'entry' AND NOT passing;
CREATE INDEX ix_intents_unsettled ON intents (account) WHERE NOT settled;
CREATE UNIQUE INDEX ix_intents_exchange_id ON intents (account, exchange_id);
CREATE INDEX ix_write_offs_position_id ON write_offs (account, position_id);
CREATE INDEX ix_transitions_client_id ON transitions (account, client_id);
CREATE INDEX ix_fills_client_id ON fills (account, client_id);
COMMIT;
