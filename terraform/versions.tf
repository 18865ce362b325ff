terraform {
  required_version = ">= 1.9"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "6.50.0"
    }
  }
}

provider "google" {
  project        = var.project_id
  region         = var.region
  default_labels = { foreach-fleet-installation = var.installation }
}

# Budgets belong to the billing account and not to a project; calls with a user's own credentials must name a project to
# count them on.
provider "google" {
  alias                 = "billing"
  project               = var.project_id
  billing_project       = var.project_id
  user_project_override = true
}
