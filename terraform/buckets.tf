# Three buckets with grants of their own (identities.tf), and one for the functions' code. Uploads: users write. State:
# only the functions. Results: the functions create, users read, nothing overwrites or deletes.
resource "google_storage_bucket" "uploads" {
  name                        = local.buckets.uploads
  location                    = upper(var.region)
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"

  versioning {
    enabled = true
  }

  # status.json is written again and again.
  lifecycle_rule {
    condition {
      days_since_noncurrent_time = 7
      with_state                 = "ARCHIVED"
    }
    action {
      type = "Delete"
    }
  }

  depends_on = [google_project_service.enabled]
}

resource "google_storage_bucket" "state" {
  name                        = local.buckets.state
  location                    = upper(var.region)
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"

  versioning {
    enabled = true
  }

  # Earlier versions of a record help after an accident, and only for a while.
  lifecycle_rule {
    condition {
      days_since_noncurrent_time = 7
      with_state                 = "ARCHIVED"
    }
    action {
      type = "Delete"
    }
  }

  depends_on = [google_project_service.enabled]
}

resource "google_storage_bucket" "results" {
  name                        = local.buckets.results
  location                    = upper(var.region)
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"

  versioning {
    enabled = true
  }

  soft_delete_policy {
    retention_duration_seconds = var.results_recoverable_days * 24 * 3600
  }

  # `terraform destroy` stops here while there are results.
  force_destroy = false

  depends_on = [google_project_service.enabled]
}

resource "google_storage_bucket" "code" {
  name                        = "${var.project_id}-functions-code"
  location                    = upper(var.region)
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = true

  depends_on = [google_project_service.enabled]
}

# Named by its content: a new build is a new object, and with it a new deployment.
resource "google_storage_bucket_object" "functions" {
  bucket = google_storage_bucket.code.name
  name   = "functions-${filesha256(var.functions_archive)}.zip"
  source = var.functions_archive
}
