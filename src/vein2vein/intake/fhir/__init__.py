"""FHIR R4 deliveries: Bundles and bulk NDJSON. The door is `intake.fhir.adapter`."""
