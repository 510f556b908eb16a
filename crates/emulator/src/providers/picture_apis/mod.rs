//! Picture calls, and the image hosts whose jobs take their time.

mod comfyui;
pub mod comfyui_socket;
pub mod hosts;
mod image_fields;
pub mod images;
pub mod pictures;
