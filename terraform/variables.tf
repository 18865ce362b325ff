variable "project_id" {
  description = "Google Cloud project. Best one of its own: the functions may create and delete clusters in it."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "A project id has 6 to 30 lower-case letters, digits and hyphens, and begins with a letter."
  }
}

variable "region" {
  description = "Region of the functions, the buckets, the network and the clusters."
  type        = string
  default     = "us-central1"

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "A region looks like us-central1."
  }
}

variable "zones" {
  description = "Letters of the zones for clusters and machines, in order of preference. Not every region has a zone a."
  type        = list(string)
  default     = ["a", "b", "c", "f"]

  validation {
    condition     = length(var.zones) > 0 && alltrue([for zone in var.zones : can(regex("^[a-z]$", zone))])
    error_message = "At least one zone, each a single letter such as \"a\"."
  }
}

variable "installation" {
  description = <<-EOT
    Value of the label that everything billable carries. The functions touch nothing without it. Don't change it while
    jobs run.
  EOT
  type        = string
  default     = "main"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,30}$", var.installation))
    error_message = "Lower-case letters, digits and hyphens, 31 characters at most, beginning with a letter."
  }
}

variable "worker_image" {
  description = <<-EOT
    Image of driver and workers, pinned by digest: REGION-docker.pkg.dev/PROJECT/foreach-fleet/worker@sha256:...
  EOT
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9.-]+/.+@sha256:[0-9a-f]{64}$", var.worker_image))
    error_message = "An image with its registry, pinned by digest (name@sha256: and 64 hexadecimal digits)."
  }
}

variable "redis_image" {
  description = "Image of Redis 7, pinned by digest: REGION-docker.pkg.dev/PROJECT/foreach-fleet/redis@sha256:..."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9.-]+/.+@sha256:[0-9a-f]{64}$", var.redis_image))
    error_message = "An image with its registry, pinned by digest (name@sha256: and 64 hexadecimal digits)."
  }
}

variable "functions_archive" {
  description = "The functions as `npm run build` makes them."
  type        = string
  default     = "../build/functions.zip"

  validation {
    condition     = endswith(var.functions_archive, ".zip")
    error_message = "A zip file."
  }
}

variable "users" {
  description = <<-EOT
    Who may upload jobs, read results and ask for the status: user:ada@example.com, group:lab@example.com, ...
  EOT
  type        = list(string)
  default     = []

  validation {
    condition = alltrue([
      for user in var.users : can(regex("^(user|group|serviceAccount|domain|principal|principalSet):.+", user))
    ])
    error_message = "Each as IAM writes it, such as user:ada@example.com. All users of the internet are not a choice."
  }
}

variable "allowed_data_buckets" {
  description = <<-EOT
    Further buckets that job files may take data from by gs:// address. The functions get leave to read them.
  EOT
  type        = list(string)
  default     = []
}

variable "allowed_registries" {
  description = "Further image registries that job files may name, such as europe-docker.pkg.dev/other-project/images."
  type        = list(string)
  default     = []
}

variable "max_clusters" {
  description = "Clusters, that is jobs, at the same time. The rest wait."
  type        = number
  default     = 10

  validation {
    condition     = var.max_clusters >= 1 && var.max_clusters <= 1000 && floor(var.max_clusters) == var.max_clusters
    error_message = "A whole number from 1 to 1000."
  }
}

variable "nodes_range" {
  description = "Addresses of all machines of all clusters. GKE adds ranges for pods by itself, one per cluster."
  type        = string
  default     = "10.0.0.0/20"

  validation {
    condition     = can(cidrhost(var.nodes_range, 0)) && startswith(var.nodes_range, "10.")
    error_message = "A range such as 10.0.0.0/20, within 10.0.0.0/8."
  }
}

variable "functions_range" {
  description = "Addresses that the functions have inside the network: a /28."
  type        = string
  default     = "10.0.16.0/28"

  validation {
    condition = alltrue([
      can(cidrhost(var.functions_range, 0)),
      startswith(var.functions_range, "10."),
      endswith(var.functions_range, "/28"),
    ])
    error_message = "A /28 within 10.0.0.0/8: the clusters' network policy lets only private addresses reach Redis."
  }
}

variable "results_recoverable_days" {
  description = "How long a deleted result can still be restored (and is still paid for)."
  type        = number
  default     = 30

  validation {
    condition     = var.results_recoverable_days >= 7 && var.results_recoverable_days <= 90
    error_message = "From 7 to 90 days."
  }
}

variable "billing_account" {
  description = <<-EOT
    Id of the billing account, to get a budget that stops all jobs when it is used up. Null: no budget; each job's own
    limit still holds.
  EOT
  type        = string
  default     = null

  validation {
    condition = (
      var.billing_account == null || can(regex("^[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}$", var.billing_account))
    )
    error_message = "A billing account id looks like 012345-6789AB-CDEF01."
  }
}

variable "monthly_budget" {
  description = "Whole units of the billing account's currency that this project may spend in a month."
  type        = number
  default     = 100

  validation {
    condition     = var.monthly_budget >= 1 && floor(var.monthly_budget) == var.monthly_budget
    error_message = "A whole number, 1 at least."
  }
}

variable "webhook_secret" {
  description = <<-EOT
    Name of a secret in Secret Manager: what webhooks are told is signed with its latest version. The functions may read
    this secret and no other. Null: nothing is signed.
  EOT
  type        = string
  default     = null
}
