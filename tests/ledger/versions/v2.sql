-- A ledger as the second schema (PRAGMA user_version = 4) wrote it. Never edited.
BEGIN TRANSACTION;
CREATE TABLE credits (
    id INTEGER PRIMARY KEY,
    job_id TEXT NOT NULL REFERENCES jobs (id),
    item TEXT NOT NULL,
    quantity REAL NOT NULL,
    unit TEXT NOT NULL,
    booked_at TEXT
) STRICT;
INSERT INTO "credits" VALUES(1,'01KAN000000000000000000004','nano-banana',1.0,'image','2026-11-22T12:00:00.000Z');
CREATE TABLE deliveries (
    id INTEGER PRIMARY KEY,
    job_id TEXT NOT NULL REFERENCES jobs (id),
    output INTEGER NOT NULL,
    path TEXT,
    sha256 TEXT,
    bytes INTEGER,
    width INTEGER,
    height INTEGER,
    delivered_at TEXT,
    stage TEXT,
    conflict TEXT,
    state TEXT CHECK (state IN ('STAGED', 'LINKING', 'DELIVERED', 'HELD')), role TEXT NOT NULL DEFAULT 'result' CHECK (role IN ('result', 'preview', 'reason')), fingerprint TEXT, removed_at TEXT,
    UNIQUE (job_id, output)
) STRICT;
INSERT INTO "deliveries" VALUES(1,'01KAN000000000000000000003',0,'/srv/hot/out/staged.png','abababababababababababababababababababababababababababababababab',9,1,1,NULL,'/srv/hot/.retouchd/tmp/1/01KAN000000000000000000003-1-1-0.png','suffix','STAGED','result',NULL,NULL);
INSERT INTO "deliveries" VALUES(2,'01KAN000000000000000000004',0,'/srv/hot/out/done.png','abababababababababababababababababababababababababababababababab',9,1,1,'2026-11-22T12:00:00.000Z',NULL,'suffix','DELIVERED','result',NULL,NULL);
INSERT INTO "deliveries" VALUES(3,'01KAN000000000000000000007',0,'/srv/hot/out/held.png','abababababababababababababababababababababababababababababababab',9,1,1,NULL,'/srv/hot/.retouchd/tmp/1/01KAN000000000000000000007-1-1-0.png','suffix','LINKING','result',NULL,NULL);
CREATE TABLE events (
    id INTEGER PRIMARY KEY,
    job_id TEXT REFERENCES jobs (id) ON DELETE CASCADE,
    at TEXT NOT NULL,
    what TEXT NOT NULL,
    detail TEXT
) STRICT;
INSERT INTO "events" VALUES(1,'01KAN000000000000000000002','2026-11-22T12:00:00.000Z','claimed','');
INSERT INTO "events" VALUES(2,'01KAN000000000000000000003','2026-11-22T12:00:00.000Z','claimed','');
INSERT INTO "events" VALUES(3,'01KAN000000000000000000004','2026-11-22T12:00:00.000Z','claimed','');
INSERT INTO "events" VALUES(4,'01KAN000000000000000000005','2026-11-22T12:00:00.000Z','claimed','');
INSERT INTO "events" VALUES(5,'01KAN000000000000000000006','2026-11-22T12:00:00.000Z','claimed','');
INSERT INTO "events" VALUES(6,'01KAN000000000000000000007','2026-11-22T12:00:00.000Z','claimed','');
INSERT INTO "events" VALUES(7,'01KAN000000000000000000008','2026-11-22T12:00:00.000Z','claimed','');
INSERT INTO "events" VALUES(8,'01KAN000000000000000000004','2026-11-22T12:00:00.000Z','delivered','1 outputs');
INSERT INTO "events" VALUES(9,'01KAN000000000000000000005','2026-11-22T12:00:00.000Z','failed','it is broken');
INSERT INTO "events" VALUES(10,'01KAN000000000000000000006','2026-11-22T12:00:00.000Z','failed','it is broken');
INSERT INTO "events" VALUES(11,'01KAN000000000000000000007','2026-11-22T12:00:00.000Z','held','a crash came');
CREATE TABLE fixes (job_id TEXT PRIMARY KEY NOT NULL, parent TEXT NOT NULL REFERENCES jobs (id), hot_folder TEXT NOT NULL, source_path BLOB NOT NULL, name BLOB NOT NULL, bytes INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, inode INTEGER NOT NULL, recipe TEXT NOT NULL, asked_at TEXT NOT NULL, begun_at TEXT) STRICT;
CREATE TABLE gate_runs (
    id INTEGER PRIMARY KEY,
    job_id TEXT NOT NULL REFERENCES jobs (id),
    attempt INTEGER NOT NULL,
    gate TEXT NOT NULL,
    value REAL,
    unit TEXT,
    threshold REAL,
    passed INTEGER NOT NULL,
    detail TEXT,
    ran_at TEXT
, step TEXT, regions TEXT) STRICT;
INSERT INTO "gate_runs" VALUES(1,'01KAN000000000000000000003',1,'fidelity',31.5,'dB',28.0,1,'','2026-11-22T12:00:00.000Z',NULL,NULL);
INSERT INTO "gate_runs" VALUES(2,'01KAN000000000000000000004',1,'fidelity',31.5,'dB',28.0,1,'','2026-11-22T12:00:00.000Z',NULL,NULL);
INSERT INTO "gate_runs" VALUES(3,'01KAN000000000000000000007',1,'fidelity',31.5,'dB',28.0,1,'','2026-11-22T12:00:00.000Z',NULL,NULL);
CREATE TABLE hot_folders (
    name TEXT PRIMARY KEY NOT NULL,
    path TEXT,
    watched_by TEXT,
    state TEXT,
    reason TEXT,
    left_in_place TEXT,
    paused INTEGER NOT NULL DEFAULT 0,
    updated_at TEXT
, file_system TEXT) STRICT;
INSERT INTO "hot_folders" VALUES('products','/srv/hot','inotify','watching','','[["a.tmp", "still written"]]',1,'2026-11-22T12:00:00.000Z',NULL);
CREATE TABLE job_charges (
    id INTEGER PRIMARY KEY,
    job_id TEXT NOT NULL REFERENCES jobs (id),
    price_id INTEGER NOT NULL REFERENCES prices (id),
    quantity TEXT NOT NULL,
    amount TEXT,
    currency TEXT NOT NULL,
    booked_at TEXT NOT NULL,
    category TEXT NOT NULL CHECK (category IN ('compute', 'energy', 'credits', 'people')),
    item TEXT NOT NULL,
    measured TEXT NOT NULL,
    measured_unit TEXT NOT NULL
) STRICT;
INSERT INTO "job_charges" VALUES(1,'01KAN000000000000000000003',1,'0.12','0.00000134933328','USD','2026-11-22T12:00:00.000Z','compute','cpu_core','0.12','cpu_second');
INSERT INTO "job_charges" VALUES(2,'01KAN000000000000000000004',1,'0.12','0.00000134933328','USD','2026-11-22T12:00:00.000Z','compute','cpu_core','0.12','cpu_second');
INSERT INTO "job_charges" VALUES(3,'01KAN000000000000000000007',1,'0.12','0.00000134933328','USD','2026-11-22T12:00:00.000Z','compute','cpu_core','0.12','cpu_second');
INSERT INTO "job_charges" VALUES(4,'01KAN000000000000000000004',11,'1','0.039','USD','2026-11-22T12:00:00.000Z','credits','nano-banana','1','image');
INSERT INTO "job_charges" VALUES(5,'01KAN000000000000000000004',3,'0.005555555556','0.216666666684','USD','2026-11-22T12:00:00.000Z','people','reviewer','20','people_second');
CREATE TABLE jobs (
    id TEXT PRIMARY KEY NOT NULL,
    hot_folder TEXT NOT NULL,
    rule TEXT,
    rule_hash TEXT,
    source_name TEXT NOT NULL,
    source_sha256 TEXT,
    source_bytes INTEGER,
    kind TEXT,
    origin TEXT,
    goal TEXT,
    state TEXT NOT NULL CHECK (state IN ('claimed', 'queued', 'running', 'rendered', 'delivered', 'done', 'waiting', 'held', 'review', 'rejected', 'failed')),
    tier TEXT,
    attempts INTEGER NOT NULL DEFAULT 0,
    error TEXT,
    hint TEXT,
    width_in INTEGER,
    height_in INTEGER,
    frames INTEGER,
    arrived_at TEXT,
    claimed_at TEXT,
    started_at TEXT,
    delivered_at TEXT,
    finished_at TEXT,
    journal TEXT CHECK (journal IN ('INTENT', 'CLAIMED', 'STAGED', 'FAILING', 'DONE', 'HELD', 'QUARANTINED', 'REVIEW')),
    source_path BLOB,
    members TEXT,
    claim TEXT,
    inode INTEGER,
    mtime_ns INTEGER,
    epoch INTEGER,
    destination TEXT CHECK (destination IN ('out', 'review')),
    archive BLOB
, kept_attempt INTEGER, review_reason TEXT, decision TEXT CHECK (decision IN ('approve', 'reject')), approved_at TEXT, parent TEXT REFERENCES jobs (id), leftovers TEXT) STRICT;
INSERT INTO "jobs" VALUES('01KAN000000000000000000001','products',NULL,NULL,'intent.jpg',NULL,1001,NULL,NULL,NULL,'claimed',NULL,1,NULL,NULL,NULL,NULL,NULL,'2026-11-22T12:00:00.000Z','2026-11-22T12:00:00.000Z',NULL,NULL,NULL,'INTENT',X'696E74656E742E6A7067','[]','01KAN000000000000000000001',41,1795348800000000000,1,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "jobs" VALUES('01KAN000000000000000000002','products',NULL,NULL,'sub/claimed.jpg',NULL,1002,NULL,NULL,NULL,'queued',NULL,1,NULL,NULL,NULL,NULL,NULL,'2026-11-22T12:00:00.000Z','2026-11-22T12:00:00.000Z',NULL,NULL,NULL,'CLAIMED',X'7375622F636C61696D65642E6A7067','["7375622f636c61696d65642e6a736f6e"]','01KAN000000000000000000002',42,1795348800000000000,1,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "jobs" VALUES('01KAN000000000000000000003','products','r','cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd','staged.jpg','efefefefefefefefefefefefefefefefefefefefefefefefefefefefefefefef',1003,NULL,NULL,'','rendered','',1,NULL,NULL,NULL,NULL,NULL,'2026-11-22T12:00:00.000Z','2026-11-22T12:00:00.000Z','2026-11-22T12:00:00.000Z',NULL,NULL,'STAGED',X'7374616765642E6A7067','[]','01KAN000000000000000000003',43,1795348800000000000,1,'out',NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "jobs" VALUES('01KAN000000000000000000004','products','r','cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd','done.jpg','efefefefefefefefefefefefefefefefefefefefefefefefefefefefefefefef',1004,NULL,NULL,'','done','',1,NULL,NULL,NULL,NULL,NULL,'2026-11-22T12:00:00.000Z','2026-11-22T12:00:00.000Z','2026-11-22T12:00:00.000Z','2026-11-22T12:00:00.000Z','2026-11-22T12:00:00.000Z','DONE',X'646F6E652E6A7067','[]','01KAN000000000000000000004',44,1795348800000000000,1,'out',X'2F7372762F686F742F646F6E652F323032362D31312D32322F646F6E652E6A7067',NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "jobs" VALUES('01KAN000000000000000000005','products','','','failing.jpg','',1005,NULL,NULL,'','running','',1,'it is broken','repair it',NULL,NULL,NULL,'2026-11-22T12:00:00.000Z','2026-11-22T12:00:00.000Z',NULL,NULL,NULL,'FAILING',X'6661696C696E672E6A7067','[]','01KAN000000000000000000005',45,1795348800000000000,1,'out',NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "jobs" VALUES('01KAN000000000000000000006','products','','','failed.jpg','',1006,NULL,NULL,'','failed','',1,'it is broken','repair it',NULL,NULL,NULL,'2026-11-22T12:00:00.000Z','2026-11-22T12:00:00.000Z',NULL,NULL,'2026-11-22T12:00:00.000Z','QUARANTINED',X'6661696C65642E6A7067','[]','01KAN000000000000000000006',46,1795348800000000000,1,'out',X'2F7372762F686F742F6661696C65642F323032362D31312D32322F6661696C65642E6A7067',NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "jobs" VALUES('01KAN000000000000000000007','products','r','cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd','held.jpg','efefefefefefefefefefefefefefefefefefefefefefefefefefefefefefefef',1007,NULL,NULL,'','held','',1,'a crash came',NULL,NULL,NULL,NULL,'2026-11-22T12:00:00.000Z','2026-11-22T12:00:00.000Z','2026-11-22T12:00:00.000Z',NULL,NULL,'HELD',X'68656C642E6A7067','[]','01KAN000000000000000000007',47,1795348800000000000,1,'out',NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "jobs" VALUES('01KAN000000000000000000008','products',NULL,NULL,'gr\udcfc\udcdf.jpg',NULL,1008,NULL,NULL,NULL,'queued',NULL,1,NULL,NULL,NULL,NULL,NULL,'2026-11-22T12:00:00.000Z','2026-11-22T12:00:00.000Z',NULL,NULL,NULL,'CLAIMED',X'6772FCDF2E6A7067','[]','01KAN000000000000000000008',48,1795348800000000000,1,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE overheads (
    id INTEGER PRIMARY KEY,
    price_id INTEGER NOT NULL REFERENCES prices (id),
    quantity TEXT NOT NULL,
    amount TEXT,
    currency TEXT NOT NULL,
    booked_at TEXT NOT NULL,
    category TEXT NOT NULL CHECK (category IN ('compute', 'energy')),
    item TEXT NOT NULL,
    measured TEXT NOT NULL,
    measured_unit TEXT NOT NULL,
    estimated INTEGER NOT NULL,
    began_at TEXT NOT NULL
) STRICT;
CREATE TABLE prices (
    id INTEGER PRIMARY KEY,
    provider TEXT NOT NULL,
    item TEXT NOT NULL,
    unit TEXT NOT NULL,
    price TEXT,
    currency TEXT NOT NULL,
    valid_from TEXT NOT NULL,
    valid_to TEXT,
    source TEXT,
    confidence TEXT,
    version INTEGER NOT NULL DEFAULT 1,
    UNIQUE (provider, item, unit, version)
) STRICT;
INSERT INTO "prices" VALUES(1,'aws','cpu_core','cpu_second','0.000011244444','USD','2026-06-17T00:00:00.000Z',NULL,'Fargate Linux x86, us-east-1: 0.04048 per vCPU-hour / 3600; list price as repeated in June 2026 by factualminds.com (amazon-fargate-ecs-task-pricing-2026); memory not counted; an own machine is mostly cheaper','estimate',1);
INSERT INTO "prices" VALUES(2,'grid','electricity','kWh','0.195','USD','1970-01-01T00:00:00.000Z',NULL,'0.15 per kWh, US commercial list price, undated, x 1.3 for cooling and conversion (PUE, an estimate)','estimate',1);
INSERT INTO "prices" VALUES(3,'people','reviewer','people_hour','39','USD','2022-05-01T00:00:00.000Z',NULL,'US mean wage of designers 57,990 a year (BLS, May 2022, via tourboxtech.com) / 2080 h x 1.4 for what an employer adds (an estimate); freelancers ask 50 and more','estimate',1);
INSERT INTO "prices" VALUES(4,'aws','A10G','gpu_hour','1.006','USD','1970-01-01T00:00:00.000Z',NULL,'g5.xlarge on demand, list price, undated','secondary',1);
INSERT INTO "prices" VALUES(5,'aws','L4','gpu_hour','0.8048','USD','1970-01-01T00:00:00.000Z',NULL,'g6.xlarge on demand, list price, undated','secondary',1);
INSERT INTO "prices" VALUES(6,'aws','L40S','gpu_hour','1.861','USD','2026-10-29T00:00:00.000Z',NULL,'g6e.xlarge on demand; 0.941 as spot at Verda 2026-10-29','secondary',1);
INSERT INTO "prices" VALUES(7,'market','A100','gpu_hour','1.79','USD','2026-11-09T00:00:00.000Z',NULL,'A100 80 GB SXM, middle of 1.39 to 3.43 on 2026-11-09 (datareceipts/data-receipts, 109-gpu-pricing)','transcribed',1);
INSERT INTO "prices" VALUES(8,'market','H100','gpu_hour','3.99','USD','2026-11-09T00:00:00.000Z',NULL,'H100 80 GB SXM, middle of 2.69 to 12.29 on 2026-11-09 (datareceipts/data-receipts, 109-gpu-pricing)','transcribed',1);
INSERT INTO "prices" VALUES(9,'market','H200','gpu_hour','4.45','USD','2026-09-20T00:00:00.000Z',NULL,'H200 141 GB, middle of 3.99 to 10.44: Akash 2026-09-20 (api-evangelist/akash), GCP 2026-10-13','transcribed',1);
INSERT INTO "prices" VALUES(10,'replicate','T4','gpu_second','0.000225','USD','2026-03-09T00:00:00.000Z',NULL,'replicate.com/docs/billing, seen again 2026-03-09 (owostack.com)','transcribed',1);
INSERT INTO "prices" VALUES(11,'google','nano-banana','image','0.039','USD','1970-01-01T00:00:00.000Z',NULL,'gemini-2.5-flash-image, list price, undated','secondary',1);
INSERT INTO "prices" VALUES(12,'google','nano-banana-2','image','0.067','USD','2026-02-01T00:00:00.000Z',NULL,'gemini-3.1-flash-image at 1K, docs.ai.it.ufl.edu, February 2026; retired 2026-10-29','secondary',1);
INSERT INTO "prices" VALUES(13,'google','nano-banana-2.1','image','0.0336','USD','2026-10-01T00:00:00.000Z',NULL,'at 1K, list price, October 2026','secondary',1);
INSERT INTO "prices" VALUES(14,'google','nano-banana-pro','image','0.134','USD','2026-07-01T00:00:00.000Z',NULL,'gemini-3-pro-image at 1K and 2K, blog.laozhang.ai quoting Google, 2026-07-01; 4K costs 0.24','secondary',1);
INSERT INTO "prices" VALUES(15,'openai','openai','image','0.033792','USD','1970-01-01T00:00:00.000Z',NULL,'gpt-image-1.5, medium, 1024x1024, community.openai.com/t/1371851; low 0.008704, high 0.13312','secondary',1);
INSERT INTO "prices" VALUES(16,'bfl','flux','megapixel','0.03','USD','2026-05-20T00:00:00.000Z',NULL,'flux.2-pro, first megapixel, toolchew.com 2026-05-20; each further one 0.015 (skillspool.org)','transcribed',1);
INSERT INTO "prices" VALUES(17,'bytedance','seedream','image','0.04','USD','1970-01-01T00:00:00.000Z',NULL,'seedream-4.5, list price, undated; 4.0 costs 0.03, 5.0 costs 0.035','secondary',1);
INSERT INTO "prices" VALUES(18,'kling','kling','second','0.084','USD','1970-01-01T00:00:00.000Z',NULL,'3.0 standard, per second of clip, list price, undated; v3-pro 0.224','secondary',1);
INSERT INTO "prices" VALUES(19,'stability','stability','image','0.035','USD','2026-03-11T00:00:00.000Z',NULL,'sd3.5-large, awesomeagents.ai, 2026-03-11','secondary',1);
INSERT INTO "prices" VALUES(20,'midjourney','midjourney','image',NULL,'USD','2026-05-20T00:00:00.000Z',NULL,'no public API and no price per image: a subscription, enterprise from 120 a month (toolchew.com 2026-05-20)','unpriced',1);
INSERT INTO "prices" VALUES(21,'firefly','firefly','image',NULL,'USD','1970-01-01T00:00:00.000Z',NULL,'no price found','unpriced',1);
INSERT INTO "prices" VALUES(22,'ideogram','ideogram','image',NULL,'USD','1970-01-01T00:00:00.000Z',NULL,'no price found','unpriced',1);
INSERT INTO "prices" VALUES(23,'xai','grok','image',NULL,'USD','1970-01-01T00:00:00.000Z',NULL,'no price found','unpriced',1);
INSERT INTO "prices" VALUES(24,'remove.bg','remove-background','image','0.2','USD','1970-01-01T00:00:00.000Z',NULL,'one credit is one image up to 50 MP; third-party figure, 0.178 in bulk','third-party',1);
INSERT INTO "prices" VALUES(25,'photoroom','remove-background','image','0.02','USD','2026-05-08T00:00:00.000Z',NULL,'api-evangelist/photoroom, 2026-05-08; partners 0.01','transcribed',1);
INSERT INTO "prices" VALUES(26,'claid','remove-background','image','0.118','USD','2026-01-01T00:00:00.000Z',NULL,'2 credits of 0.059 (59 per 1000), 2026','secondary',1);
INSERT INTO "prices" VALUES(27,'bria','remove-background','image','0.018','USD','2026-08-04T00:00:00.000Z',NULL,'rmbg-2.0, inference.sh/apps/bria/rmbg.md, 2026-08-04','transcribed',1);
INSERT INTO "prices" VALUES(28,'replicate','upscale','image','0.002','USD','2026-03-01T00:00:00.000Z',NULL,'Real-ESRGAN, an invoice of March 2026: 8.36 for 4181 images','measured',1);
INSERT INTO "prices" VALUES(29,'topaz','upscale','image','0.08','USD','2026-04-08T00:00:00.000Z',NULL,'up to 24 MP, docs.runflow.io 2026-04-08; resellers 0.12 to 0.96','reseller',1);
INSERT INTO "prices" VALUES(30,'claid','upscale','image','0.059','USD','2026-01-01T00:00:00.000Z',NULL,'enhance: 1 credit of 0.059, price list of 2026','secondary',1);
INSERT INTO "prices" VALUES(31,'photoroom','edit','image','0.10','USD','2026-05-08T00:00:00.000Z',NULL,'api-evangelist/photoroom; usagepricing.com/blueprint/photoroom','secondary',1);
INSERT INTO "prices" VALUES(32,'apify','remove-background','image','0.005','USD','2026-01-01T00:00:00.000Z',NULL,'BiRefNet, apify.com/sherwood/background-remover-batch, 2026','secondary',1);
INSERT INTO "prices" VALUES(33,'fal','remove-background','image','0.025','USD','1970-01-01T00:00:00.000Z',NULL,'BiRefNet, third-party figure, undated','secondary',1);
INSERT INTO "prices" VALUES(34,'replicate','remove-background','image','0.002','USD','1970-01-01T00:00:00.000Z',NULL,'rembg, list price, undated','secondary',1);
INSERT INTO "prices" VALUES(35,'stability','upscale','image',NULL,'USD','1970-01-01T00:00:00.000Z',NULL,'no price found','unpriced',1);
INSERT INTO "prices" VALUES(36,'lama','erase','image',NULL,'USD','1970-01-01T00:00:00.000Z',NULL,'no hosted price found','unpriced',1);
CREATE TABLE report_hours (hour TEXT PRIMARY KEY NOT NULL, token INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO "report_hours" VALUES('2026-11-22T12',5992745923847629600);
CREATE TABLE requests (
    id INTEGER PRIMARY KEY,
    asked_at TEXT NOT NULL,
    what TEXT NOT NULL,
    arguments TEXT,
    answered_at TEXT,
    answer TEXT
) STRICT;
INSERT INTO "requests" VALUES(1,'2026-11-22T12:00:00.000Z','pause','{}','2026-11-22T12:00:00.000Z','{}');
CREATE TABLE reviews (
    id INTEGER PRIMARY KEY,
    job_id TEXT NOT NULL REFERENCES jobs (id),
    reviewer TEXT,
    verdict TEXT NOT NULL,
    reason TEXT,
    seconds REAL,
    seconds_estimated INTEGER,
    decided_at TEXT
, note TEXT) STRICT;
INSERT INTO "reviews" VALUES(1,'01KAN000000000000000000004','a person','approve',NULL,20.0,NULL,'2026-11-22T12:00:00.000Z',NULL);
CREATE TABLE step_runs (
    id INTEGER PRIMARY KEY,
    job_id TEXT NOT NULL REFERENCES jobs (id),
    attempt INTEGER NOT NULL,
    step TEXT NOT NULL,
    model TEXT,
    model_sha256 TEXT,
    tier TEXT,
    device TEXT,
    wall_ms REAL,
    cpu_s REAL,
    gpu_s REAL,
    model_s REAL,
    joules REAL,
    joules_estimated INTEGER,
    megapixels_in REAL,
    megapixels_out REAL,
    bytes_in INTEGER,
    bytes_out INTEGER,
    started_at TEXT
) STRICT;
INSERT INTO "step_runs" VALUES(1,'01KAN000000000000000000003',1,'decode','','','','cpu',130.0,0.12,0.0,0.0,NULL,0,0.0,0.0,0,0,'2026-11-22T12:00:00.000Z');
INSERT INTO "step_runs" VALUES(2,'01KAN000000000000000000004',1,'decode','','','','cpu',130.0,0.12,0.0,0.0,NULL,0,0.0,0.0,0,0,'2026-11-22T12:00:00.000Z');
INSERT INTO "step_runs" VALUES(3,'01KAN000000000000000000007',1,'decode','','','','cpu',130.0,0.12,0.0,0.0,NULL,0,0.0,0.0,0,0,'2026-11-22T12:00:00.000Z');
CREATE INDEX jobs_by_state ON jobs (state, hot_folder);
CREATE INDEX jobs_by_journal ON jobs (journal, hot_folder);
CREATE INDEX jobs_by_arrival ON jobs (arrived_at);
CREATE INDEX jobs_by_digest ON jobs (source_sha256);
CREATE INDEX deliveries_by_state ON deliveries (state);
CREATE INDEX step_runs_by_job ON step_runs (job_id);
CREATE INDEX gate_runs_by_job ON gate_runs (job_id);
CREATE INDEX credits_by_job ON credits (job_id);
CREATE INDEX reviews_by_job ON reviews (job_id);
CREATE TRIGGER prices_stay
BEFORE UPDATE OF provider, item, unit, price, currency, valid_from ON prices
BEGIN SELECT RAISE(ABORT, 'a price row never changes: add a new one'); END;
CREATE INDEX job_charges_by_job ON job_charges (job_id);
CREATE TRIGGER job_charges_stay BEFORE UPDATE ON job_charges
BEGIN SELECT RAISE(ABORT, 'a booked cost never changes'); END;
CREATE TRIGGER job_charges_remain BEFORE DELETE ON job_charges
BEGIN SELECT RAISE(ABORT, 'a booked cost is never deleted'); END;
CREATE INDEX events_by_job ON events (job_id, id);
CREATE INDEX requests_open ON requests (id) WHERE answered_at IS NULL;
CREATE VIEW job_costs AS
WITH padded AS (
    SELECT job_id, category, currency, amount,
        substr(
            substr(amount, instr(amount || '.', '.') + 1) || '000000000000000000000000', 1, 24
        ) AS fraction
    FROM job_charges
), parts AS (
    SELECT job_id, category, currency, amount,
        CAST(amount AS INTEGER) AS whole,
        CAST(substr(fraction, 1, 12) AS INTEGER) AS high,
        CAST(substr(fraction, 13, 12) AS INTEGER) AS low
    FROM padded
)
SELECT job_id,
    rtrim(rtrim(printf('%d.%012d%012d', coalesce(sum(whole) FILTER (WHERE category = 'compute'), 0) + (coalesce(sum(high) FILTER (WHERE category = 'compute'), 0) + coalesce(sum(low) FILTER (WHERE category = 'compute'), 0) / 1000000000000) / 1000000000000, (coalesce(sum(high) FILTER (WHERE category = 'compute'), 0) + coalesce(sum(low) FILTER (WHERE category = 'compute'), 0) / 1000000000000) % 1000000000000, coalesce(sum(low) FILTER (WHERE category = 'compute'), 0) % 1000000000000), '0'), '.') AS compute,
    rtrim(rtrim(printf('%d.%012d%012d', coalesce(sum(whole) FILTER (WHERE category = 'energy'), 0) + (coalesce(sum(high) FILTER (WHERE category = 'energy'), 0) + coalesce(sum(low) FILTER (WHERE category = 'energy'), 0) / 1000000000000) / 1000000000000, (coalesce(sum(high) FILTER (WHERE category = 'energy'), 0) + coalesce(sum(low) FILTER (WHERE category = 'energy'), 0) / 1000000000000) % 1000000000000, coalesce(sum(low) FILTER (WHERE category = 'energy'), 0) % 1000000000000), '0'), '.') AS energy,
    rtrim(rtrim(printf('%d.%012d%012d', coalesce(sum(whole) FILTER (WHERE category = 'credits'), 0) + (coalesce(sum(high) FILTER (WHERE category = 'credits'), 0) + coalesce(sum(low) FILTER (WHERE category = 'credits'), 0) / 1000000000000) / 1000000000000, (coalesce(sum(high) FILTER (WHERE category = 'credits'), 0) + coalesce(sum(low) FILTER (WHERE category = 'credits'), 0) / 1000000000000) % 1000000000000, coalesce(sum(low) FILTER (WHERE category = 'credits'), 0) % 1000000000000), '0'), '.') AS credits,
    rtrim(rtrim(printf('%d.%012d%012d', coalesce(sum(whole) FILTER (WHERE category = 'people'), 0) + (coalesce(sum(high) FILTER (WHERE category = 'people'), 0) + coalesce(sum(low) FILTER (WHERE category = 'people'), 0) / 1000000000000) / 1000000000000, (coalesce(sum(high) FILTER (WHERE category = 'people'), 0) + coalesce(sum(low) FILTER (WHERE category = 'people'), 0) / 1000000000000) % 1000000000000, coalesce(sum(low) FILTER (WHERE category = 'people'), 0) % 1000000000000), '0'), '.') AS people,
    rtrim(rtrim(printf('%d.%012d%012d', coalesce(sum(whole) FILTER (WHERE 1), 0) + (coalesce(sum(high) FILTER (WHERE 1), 0) + coalesce(sum(low) FILTER (WHERE 1), 0) / 1000000000000) / 1000000000000, (coalesce(sum(high) FILTER (WHERE 1), 0) + coalesce(sum(low) FILTER (WHERE 1), 0) / 1000000000000) % 1000000000000, coalesce(sum(low) FILTER (WHERE 1), 0) % 1000000000000), '0'), '.') AS total,
    currency,
    count(*) FILTER (WHERE amount IS NULL) AS unpriced
FROM parts
GROUP BY job_id, currency;
CREATE VIEW throughput_by_hour AS
SELECT
    substr(coalesce(delivered_at, finished_at), 1, 13) || ':00:00.000Z' AS hour,
    hot_folder,
    count(*) AS jobs,
    count(*) FILTER (WHERE state IN ('delivered', 'done')) AS delivered,
    count(*) FILTER (WHERE state = 'failed') AS failed,
    coalesce(sum(width_in * height_in * max(coalesce(frames, 1), 1)), 0) / 1e6
        AS megapixels
FROM jobs
WHERE coalesce(delivered_at, finished_at) IS NOT NULL
GROUP BY hour, hot_folder;
CREATE INDEX jobs_by_parent ON jobs (parent);
CREATE INDEX fixes_open ON fixes (hot_folder) WHERE begun_at IS NULL;
CREATE TRIGGER overheads_stay BEFORE UPDATE ON overheads
BEGIN SELECT RAISE(ABORT, 'a booked cost never changes'); END;
CREATE TRIGGER overheads_remain BEFORE DELETE ON overheads
BEGIN SELECT RAISE(ABORT, 'a booked cost is never deleted'); END;
CREATE VIEW job_bytes AS
WITH runs AS (
    SELECT job_id, sum(bytes_in) AS bytes_in, sum(bytes_out) AS bytes_out,
        max(bytes_in) AS original
    FROM step_runs GROUP BY job_id
), files AS (
    SELECT job_id, sum(bytes) AS stored FROM deliveries
    WHERE delivered_at IS NOT NULL AND removed_at IS NULL GROUP BY job_id
)
SELECT jobs.id AS job_id, hot_folder,
    coalesce(runs.bytes_in, 0) AS bytes_in,
    coalesce(runs.bytes_out, 0) AS bytes_out,
    coalesce(nullif(runs.original, 0), source_bytes, 0) + coalesce(files.stored, 0)
        AS bytes_stored
FROM jobs LEFT JOIN runs ON runs.job_id = jobs.id
    LEFT JOIN files ON files.job_id = jobs.id;
CREATE INDEX jobs_by_moment ON jobs (coalesce(arrived_at, claimed_at, '~'));
CREATE INDEX jobs_refining ON jobs (coalesce(arrived_at, claimed_at, '~'), parent, state, decision, destination) WHERE parent IS NOT NULL;
CREATE TRIGGER jobs_insert_renews_hour AFTER INSERT ON jobs BEGIN INSERT INTO report_hours VALUES (substr(coalesce(NEW.arrived_at, NEW.claimed_at, '~'), 1, 13), random()) ON CONFLICT (hour) DO UPDATE SET token = excluded.token; END;
CREATE TRIGGER deliveries_insert_renews_hour AFTER INSERT ON deliveries BEGIN INSERT INTO report_hours SELECT substr(coalesce(jobs.arrived_at, jobs.claimed_at, '~'), 1, 13), random() FROM jobs WHERE id = NEW.job_id ON CONFLICT (hour) DO UPDATE SET token = excluded.token; END;
CREATE TRIGGER step_runs_insert_renews_hour AFTER INSERT ON step_runs BEGIN INSERT INTO report_hours SELECT substr(coalesce(jobs.arrived_at, jobs.claimed_at, '~'), 1, 13), random() FROM jobs WHERE id = NEW.job_id ON CONFLICT (hour) DO UPDATE SET token = excluded.token; END;
CREATE TRIGGER job_charges_insert_renews_hour AFTER INSERT ON job_charges BEGIN INSERT INTO report_hours SELECT substr(coalesce(jobs.arrived_at, jobs.claimed_at, '~'), 1, 13), random() FROM jobs WHERE id = NEW.job_id ON CONFLICT (hour) DO UPDATE SET token = excluded.token; END;
CREATE TRIGGER reviews_insert_renews_hour AFTER INSERT ON reviews BEGIN INSERT INTO report_hours SELECT substr(coalesce(jobs.arrived_at, jobs.claimed_at, '~'), 1, 13), random() FROM jobs WHERE id = NEW.job_id ON CONFLICT (hour) DO UPDATE SET token = excluded.token; END;
CREATE TRIGGER jobs_update_renews_hour AFTER UPDATE ON jobs BEGIN INSERT INTO report_hours VALUES (substr(coalesce(OLD.arrived_at, OLD.claimed_at, '~'), 1, 13), random()) ON CONFLICT (hour) DO UPDATE SET token = excluded.token; INSERT INTO report_hours VALUES (substr(coalesce(NEW.arrived_at, NEW.claimed_at, '~'), 1, 13), random()) ON CONFLICT (hour) DO UPDATE SET token = excluded.token; END;
CREATE TRIGGER deliveries_update_renews_hour AFTER UPDATE ON deliveries BEGIN INSERT INTO report_hours SELECT substr(coalesce(jobs.arrived_at, jobs.claimed_at, '~'), 1, 13), random() FROM jobs WHERE id = OLD.job_id ON CONFLICT (hour) DO UPDATE SET token = excluded.token; INSERT INTO report_hours SELECT substr(coalesce(jobs.arrived_at, jobs.claimed_at, '~'), 1, 13), random() FROM jobs WHERE id = NEW.job_id ON CONFLICT (hour) DO UPDATE SET token = excluded.token; END;
CREATE TRIGGER step_runs_update_renews_hour AFTER UPDATE ON step_runs BEGIN INSERT INTO report_hours SELECT substr(coalesce(jobs.arrived_at, jobs.claimed_at, '~'), 1, 13), random() FROM jobs WHERE id = OLD.job_id ON CONFLICT (hour) DO UPDATE SET token = excluded.token; INSERT INTO report_hours SELECT substr(coalesce(jobs.arrived_at, jobs.claimed_at, '~'), 1, 13), random() FROM jobs WHERE id = NEW.job_id ON CONFLICT (hour) DO UPDATE SET token = excluded.token; END;
CREATE TRIGGER job_charges_update_renews_hour AFTER UPDATE ON job_charges BEGIN INSERT INTO report_hours SELECT substr(coalesce(jobs.arrived_at, jobs.claimed_at, '~'), 1, 13), random() FROM jobs WHERE id = OLD.job_id ON CONFLICT (hour) DO UPDATE SET token = excluded.token; INSERT INTO report_hours SELECT substr(coalesce(jobs.arrived_at, jobs.claimed_at, '~'), 1, 13), random() FROM jobs WHERE id = NEW.job_id ON CONFLICT (hour) DO UPDATE SET token = excluded.token; END;
CREATE TRIGGER reviews_update_renews_hour AFTER UPDATE ON reviews BEGIN INSERT INTO report_hours SELECT substr(coalesce(jobs.arrived_at, jobs.claimed_at, '~'), 1, 13), random() FROM jobs WHERE id = OLD.job_id ON CONFLICT (hour) DO UPDATE SET token = excluded.token; INSERT INTO report_hours SELECT substr(coalesce(jobs.arrived_at, jobs.claimed_at, '~'), 1, 13), random() FROM jobs WHERE id = NEW.job_id ON CONFLICT (hour) DO UPDATE SET token = excluded.token; END;
CREATE TRIGGER jobs_delete_renews_hour AFTER DELETE ON jobs BEGIN INSERT INTO report_hours VALUES (substr(coalesce(OLD.arrived_at, OLD.claimed_at, '~'), 1, 13), random()) ON CONFLICT (hour) DO UPDATE SET token = excluded.token; END;
CREATE TRIGGER deliveries_delete_renews_hour AFTER DELETE ON deliveries BEGIN INSERT INTO report_hours SELECT substr(coalesce(jobs.arrived_at, jobs.claimed_at, '~'), 1, 13), random() FROM jobs WHERE id = OLD.job_id ON CONFLICT (hour) DO UPDATE SET token = excluded.token; END;
CREATE TRIGGER step_runs_delete_renews_hour AFTER DELETE ON step_runs BEGIN INSERT INTO report_hours SELECT substr(coalesce(jobs.arrived_at, jobs.claimed_at, '~'), 1, 13), random() FROM jobs WHERE id = OLD.job_id ON CONFLICT (hour) DO UPDATE SET token = excluded.token; END;
CREATE TRIGGER job_charges_delete_renews_hour AFTER DELETE ON job_charges BEGIN INSERT INTO report_hours SELECT substr(coalesce(jobs.arrived_at, jobs.claimed_at, '~'), 1, 13), random() FROM jobs WHERE id = OLD.job_id ON CONFLICT (hour) DO UPDATE SET token = excluded.token; END;
CREATE TRIGGER reviews_delete_renews_hour AFTER DELETE ON reviews BEGIN INSERT INTO report_hours SELECT substr(coalesce(jobs.arrived_at, jobs.claimed_at, '~'), 1, 13), random() FROM jobs WHERE id = OLD.job_id ON CONFLICT (hour) DO UPDATE SET token = excluded.token; END;
CREATE VIEW approved_assets AS
WITH RECURSIVE chain (asset, job_id) AS (
    SELECT id, id FROM jobs WHERE state = 'done' AND coalesce(decision, CASE destination WHEN 'review' THEN 'open' ELSE 'approve' END) = 'approve'
    UNION SELECT asset, parent FROM chain JOIN jobs ON jobs.id = job_id
        WHERE parent IS NOT NULL
), parts AS (
    SELECT asset, job_id, category, currency, CAST(amount AS INTEGER) AS whole, CAST(substr(substr(amount, instr(amount || '.', '.') + 1) || '000000000000000000000000', 1, 12) AS INTEGER) AS high, CAST(substr(substr(amount, instr(amount || '.', '.') + 1) || '000000000000000000000000', 13, 12) AS INTEGER) AS low
    FROM chain LEFT JOIN job_charges USING (job_id)
)
SELECT asset AS job_id, jobs.hot_folder, jobs.rule, jobs.origin, jobs.source_name,
    coalesce(jobs.approved_at, jobs.delivered_at) AS approved_at,
    count(DISTINCT parts.job_id) AS jobs,
    rtrim(rtrim(printf('%d.%012d%012d', coalesce(sum(whole) FILTER (WHERE category IN ('compute', 'energy')), 0) + (coalesce(sum(high) FILTER (WHERE category IN ('compute', 'energy')), 0) + coalesce(sum(low) FILTER (WHERE category IN ('compute', 'energy')), 0) / 1000000000000) / 1000000000000, (coalesce(sum(high) FILTER (WHERE category IN ('compute', 'energy')), 0) + coalesce(sum(low) FILTER (WHERE category IN ('compute', 'energy')), 0) / 1000000000000) % 1000000000000, coalesce(sum(low) FILTER (WHERE category IN ('compute', 'energy')), 0) % 1000000000000), '0'), '.') AS compute_and_energy,
    rtrim(rtrim(printf('%d.%012d%012d', coalesce(sum(whole) FILTER (WHERE category = 'credits'), 0) + (coalesce(sum(high) FILTER (WHERE category = 'credits'), 0) + coalesce(sum(low) FILTER (WHERE category = 'credits'), 0) / 1000000000000) / 1000000000000, (coalesce(sum(high) FILTER (WHERE category = 'credits'), 0) + coalesce(sum(low) FILTER (WHERE category = 'credits'), 0) / 1000000000000) % 1000000000000, coalesce(sum(low) FILTER (WHERE category = 'credits'), 0) % 1000000000000), '0'), '.') AS credits,
    rtrim(rtrim(printf('%d.%012d%012d', coalesce(sum(whole) FILTER (WHERE category = 'people'), 0) + (coalesce(sum(high) FILTER (WHERE category = 'people'), 0) + coalesce(sum(low) FILTER (WHERE category = 'people'), 0) / 1000000000000) / 1000000000000, (coalesce(sum(high) FILTER (WHERE category = 'people'), 0) + coalesce(sum(low) FILTER (WHERE category = 'people'), 0) / 1000000000000) % 1000000000000, coalesce(sum(low) FILTER (WHERE category = 'people'), 0) % 1000000000000), '0'), '.') AS people,
    rtrim(rtrim(printf('%d.%012d%012d', coalesce(sum(whole) FILTER (WHERE 1), 0) + (coalesce(sum(high) FILTER (WHERE 1), 0) + coalesce(sum(low) FILTER (WHERE 1), 0) / 1000000000000) / 1000000000000, (coalesce(sum(high) FILTER (WHERE 1), 0) + coalesce(sum(low) FILTER (WHERE 1), 0) / 1000000000000) % 1000000000000, coalesce(sum(low) FILTER (WHERE 1), 0) % 1000000000000), '0'), '.') AS total,
    currency
FROM parts JOIN jobs ON jobs.id = asset
GROUP BY asset, currency;
CREATE VIEW costs_by_day AS
WITH parts AS (
    SELECT substr(booked_at, 1, 10) AS day, hot_folder, category, currency, amount,
        CAST(amount AS INTEGER) AS whole, CAST(substr(substr(amount, instr(amount || '.', '.') + 1) || '000000000000000000000000', 1, 12) AS INTEGER) AS high, CAST(substr(substr(amount, instr(amount || '.', '.') + 1) || '000000000000000000000000', 13, 12) AS INTEGER) AS low
    FROM job_charges JOIN jobs ON jobs.id = job_id
)
SELECT day, hot_folder,
    rtrim(rtrim(printf('%d.%012d%012d', coalesce(sum(whole) FILTER (WHERE category = 'compute'), 0) + (coalesce(sum(high) FILTER (WHERE category = 'compute'), 0) + coalesce(sum(low) FILTER (WHERE category = 'compute'), 0) / 1000000000000) / 1000000000000, (coalesce(sum(high) FILTER (WHERE category = 'compute'), 0) + coalesce(sum(low) FILTER (WHERE category = 'compute'), 0) / 1000000000000) % 1000000000000, coalesce(sum(low) FILTER (WHERE category = 'compute'), 0) % 1000000000000), '0'), '.') AS compute,
    rtrim(rtrim(printf('%d.%012d%012d', coalesce(sum(whole) FILTER (WHERE category = 'energy'), 0) + (coalesce(sum(high) FILTER (WHERE category = 'energy'), 0) + coalesce(sum(low) FILTER (WHERE category = 'energy'), 0) / 1000000000000) / 1000000000000, (coalesce(sum(high) FILTER (WHERE category = 'energy'), 0) + coalesce(sum(low) FILTER (WHERE category = 'energy'), 0) / 1000000000000) % 1000000000000, coalesce(sum(low) FILTER (WHERE category = 'energy'), 0) % 1000000000000), '0'), '.') AS energy,
    rtrim(rtrim(printf('%d.%012d%012d', coalesce(sum(whole) FILTER (WHERE category = 'credits'), 0) + (coalesce(sum(high) FILTER (WHERE category = 'credits'), 0) + coalesce(sum(low) FILTER (WHERE category = 'credits'), 0) / 1000000000000) / 1000000000000, (coalesce(sum(high) FILTER (WHERE category = 'credits'), 0) + coalesce(sum(low) FILTER (WHERE category = 'credits'), 0) / 1000000000000) % 1000000000000, coalesce(sum(low) FILTER (WHERE category = 'credits'), 0) % 1000000000000), '0'), '.') AS credits,
    rtrim(rtrim(printf('%d.%012d%012d', coalesce(sum(whole) FILTER (WHERE category = 'people'), 0) + (coalesce(sum(high) FILTER (WHERE category = 'people'), 0) + coalesce(sum(low) FILTER (WHERE category = 'people'), 0) / 1000000000000) / 1000000000000, (coalesce(sum(high) FILTER (WHERE category = 'people'), 0) + coalesce(sum(low) FILTER (WHERE category = 'people'), 0) / 1000000000000) % 1000000000000, coalesce(sum(low) FILTER (WHERE category = 'people'), 0) % 1000000000000), '0'), '.') AS people,
    rtrim(rtrim(printf('%d.%012d%012d', coalesce(sum(whole) FILTER (WHERE 1), 0) + (coalesce(sum(high) FILTER (WHERE 1), 0) + coalesce(sum(low) FILTER (WHERE 1), 0) / 1000000000000) / 1000000000000, (coalesce(sum(high) FILTER (WHERE 1), 0) + coalesce(sum(low) FILTER (WHERE 1), 0) / 1000000000000) % 1000000000000, coalesce(sum(low) FILTER (WHERE 1), 0) % 1000000000000), '0'), '.') AS total,
    currency,
    count(*) FILTER (WHERE amount IS NULL) AS unpriced
FROM parts
GROUP BY day, hot_folder, currency;
CREATE VIEW booked_charges AS
SELECT job_charges.id, job_id, hot_folder, rule, category, job_charges.item, measured,
    measured_unit, quantity, unit, price, amount, job_charges.currency, provider,
    version AS price_version, source AS price_source, job_charges.booked_at
FROM job_charges JOIN prices ON prices.id = price_id JOIN jobs ON jobs.id = job_id;
CREATE VIEW gate_results AS
SELECT rule, gate, unit, threshold, count(*) AS runs,
    count(*) FILTER (WHERE passed) AS passed,
    avg(value) AS mean_value, min(value) AS least_value, max(value) AS greatest_value
FROM gate_runs JOIN jobs ON jobs.id = job_id
GROUP BY rule, gate, unit, threshold;
COMMIT;
PRAGMA user_version = 4;
