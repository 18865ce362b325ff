# Images that the clusters run. The machines' identity may read this repository and no other.
resource "google_artifact_registry_repository" "images" {
  repository_id = local.name
  location      = var.region
  format        = "DOCKER"
  description   = "foreach-fleet: images of workers and Redis"

  depends_on = [google_project_service.enabled]
}

# What Cloud Build makes of the functions' code.
resource "google_artifact_registry_repository" "functions" {
  repository_id = "${local.name}-functions"
  location      = var.region
  format        = "DOCKER"
  description   = "foreach-fleet: the built functions"

  cleanup_policies {
    id     = "keep-recent"
    action = "KEEP"
    most_recent_versions {
      keep_count = 3
    }
  }
  cleanup_policies {
    id     = "delete-old"
    action = "DELETE"
    condition {
      older_than = "2592000s"
    }
  }

  depends_on = [google_project_service.enabled]
}
