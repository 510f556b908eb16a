//! The built-in image hosts as data; `docs/providers.md` §2.2, §3.1.

use super::entries::{Entry, IMAGE};
use super::provider::{ACCESS_DOMAIN, Auth, Extra, ImageWire};

/// All of them, in the order in which they are shown.
pub const ALL: &[Entry] = &[
    Entry {
        id: "runcomfy",
        images: Some(ImageWire::RunComfy),
        image_hosts: &["*.runcomfy.net", "*.runcomfy.com"],
        name: "RunComfy",
        base_url: "https://api.runcomfy.net",
        check: "/prod/api/users/{user_id}/servers",
        env: &["RUNCOMFY_API_KEY"],
        key_page: "https://www.runcomfy.com/profile",
        extras: &[
            Extra {
                field: "user_id",
                label: "User ID",
                placeholder: "Shown beside the API token in your profile",
                required: true,
                env: "RUNCOMFY_USER_ID",
            },
            Extra {
                field: "workflow",
                label: "Workflow version ID",
                placeholder: "The workflow to start servers with",
                required: false,
                env: "RUNCOMFY_WORKFLOW_ID",
            },
        ],
        ..IMAGE
    },
    Entry {
        id: "runcomfy-serverless",
        images: Some(ImageWire::RunComfyServerless),
        image_hosts: &["*.runcomfy.net"],
        name: "RunComfy Serverless",
        base_url: "https://api.runcomfy.net",
        check: "/prod/v2/deployments/{deployment}",
        env: &["RUNCOMFY_API_KEY"],
        key_page: "https://www.runcomfy.com/profile",
        extras: &[Extra {
            field: "deployment",
            label: "Deployment ID",
            placeholder: "From the deployment's page",
            required: true,
            env: "RUNCOMFY_DEPLOYMENT_ID",
        }],
        ..IMAGE
    },
    Entry {
        id: "saladcloud",
        images: Some(ImageWire::Salad),
        name: "SaladCloud",
        auth: Auth::Header("salad-api-key"),
        base_url: "https://api.salad.com/api/public",
        check: "/organizations/{organization}/quotas",
        env: &["SALAD_API_KEY"],
        key_page: "https://portal.salad.com/api-key",
        key_prefixes: &["salad_cloud_"],
        extras: &[
            Extra {
                field: "organization",
                label: "Organization name",
                placeholder: "As in portal.salad.com/organizations/…",
                required: true,
                env: "SALAD_ORGANIZATION",
            },
            Extra {
                field: ACCESS_DOMAIN,
                label: "Container's access domain",
                placeholder: "The part before .salad.cloud",
                required: false,
                env: "SALAD_ACCESS_DOMAIN",
            },
            Extra {
                field: "project",
                label: "Project name, for a job queue",
                placeholder: "default",
                required: false,
                env: "SALAD_PROJECT",
            },
            Extra {
                field: "queue",
                label: "Job queue name, if there is one",
                placeholder: "Else the container is called directly",
                required: false,
                env: "SALAD_QUEUE",
            },
        ],
        ..IMAGE
    },
    Entry {
        id: "runpod",
        images: Some(ImageWire::RunPod),
        image_hosts: &[
            "*.runpod.ai",
            "*.runpod.io",
            "*.runpod.net",
            "*.s3.*.amazonaws.com",
        ],
        name: "RunPod",
        base_url: "https://api.runpod.ai/v2",
        check: "/{endpoint}/health",
        env: &["RUNPOD_API_KEY"],
        key_page: "https://console.runpod.io/user/settings",
        billing_page: "https://console.runpod.io/user/billing",
        key_prefixes: &["rpa_"],
        extras: &[Extra {
            field: "endpoint",
            label: "Endpoint ID",
            placeholder: "From the endpoint's page",
            required: true,
            env: "RUNPOD_ENDPOINT_ID",
        }],
        ..IMAGE
    },
    Entry {
        id: "comfyui",
        name: "ComfyUI",
        images: Some(ImageWire::ComfyUi),
        base_url: "http://localhost:8188",
        check: "/system_stats",
        env: &["COMFYUI_API_KEY"],
        key_page: "https://docs.comfy.org",
        ..IMAGE
    },
];
